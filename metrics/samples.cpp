#include "metrics/samples.hpp"

#include <iterator>
#include <limits>
#include <utility>

namespace pgweir::metrics {

prometheus::ClientMetric& samples::add(labels more) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  metric.label = base_;
  metric.label.insert(metric.label.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
  return metric;
}

void samples::value(double number, labels more) {
  prometheus::ClientMetric& metric = add(std::move(more));
  if (family_.type == prometheus::MetricType::Counter)
    metric.counter.value = number;
  else
    metric.gauge.value = number;
}

void samples::histogram(std::span<const std::uint64_t> counts, std::span<const double> bounds, double sum,
                        labels more) {
  auto& histogram = add(std::move(more)).histogram;
  histogram.bucket.reserve(counts.size());
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    histogram.bucket.push_back(
        {cumulative, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = sum;
}

}  // namespace pgweir::metrics
