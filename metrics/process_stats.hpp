// metrics/process_stats.hpp - the process_* metrics that every Prometheus client library has, from /proc.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace pgweir::metrics {

// Of this process, now. A figure that the system does not give is left out.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace pgweir::metrics
