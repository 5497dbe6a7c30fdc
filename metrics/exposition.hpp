// metrics/exposition.hpp - what Prometheus gets to see: names, help texts and labels of all metrics.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <chrono>
#include <string>
#include <vector>

namespace pgweir::metrics {

class registry;

// Sums the instruments over the workers at each scrape. Thread rule: any thread; takes no lock for longer
// than it takes to copy a list of addresses.
class exposition : public prometheus::Collectable {
 public:
  // `instruments` must outlive this object. `version` becomes a label of pgweir_build_info.
  exposition(const registry& instruments, std::string version);

  std::vector<prometheus::MetricFamily> Collect() const override;
  std::vector<prometheus::MetricFamily> collect_at(std::chrono::steady_clock::time_point now) const;

  // The text format, version 0.0.4.
  std::string text() const;

 private:
  const registry& instruments_;
  const std::string version_;
};

inline constexpr const char* exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace pgweir::metrics
