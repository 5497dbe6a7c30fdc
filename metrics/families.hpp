// metrics/families.hpp - the names, types, help texts and labels of all metrics, as tables by subject.
// A new metric is a row in one of metrics/families_*.cpp, and two lines in tests/data/metrics.golden:
// people's dashboards and alerts rely on them.
#pragma once

#include "metrics/samples.hpp"

#include <span>

namespace pgweir::metrics {

struct family_row {
  const char* name;
  prometheus::MetricType type;
  const char* help;
  void (*of_pool)(const pool_view&, samples&);  // once per pool, with the labels database and user; or null
  void (*of_process)(const registry_view&, samples&);  // once; or null
};
using family_table = std::span<const family_row>;

// In the order of the exposition.
family_table connection_families();
family_table time_families();
family_table traffic_families();
family_table statement_families();
family_table sharing_families();
family_table program_families();

inline constexpr auto counter_type = prometheus::MetricType::Counter;
inline constexpr auto gauge_type = prometheus::MetricType::Gauge;
inline constexpr auto histogram_type = prometheus::MetricType::Histogram;

}  // namespace pgweir::metrics
