#include "metrics/instrument.hpp"

#include <limits>

namespace pgweir::metrics {

namespace {

// latency_bounds in nanoseconds, padded to a power of two (minus one) with bounds that nothing exceeds, so
// that the search below has a fixed number of steps and no branch that depends on the value.
constexpr std::array<std::int64_t, 31> bounds_in_nanoseconds = [] {
  std::array<std::int64_t, 31> bounds{};
  bounds.fill(std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < latency_bounds.size(); ++i)
    bounds[i] = static_cast<std::int64_t>(latency_bounds[i] * 1e9 + 0.5);
  return bounds;
}();
static_assert(latency_bounds.size() < bounds_in_nanoseconds.size());

// Number of bounds below the value: the bucket, as a bound is part of its own bucket ("le").
std::size_t bucket_of(std::int64_t nanoseconds) {
  std::size_t below = 0;
  for (std::size_t step = 16; step != 0; step /= 2)
    below += bounds_in_nanoseconds[below + step - 1] < nanoseconds ? step : 0;
  return below;
}

}  // namespace

void latency_histogram::observe(std::chrono::nanoseconds elapsed) {
  const std::int64_t nanoseconds = elapsed.count() > 0 ? elapsed.count() : 0;
  counts_[bucket_of(nanoseconds)].add();
  sum_nanoseconds_.add(static_cast<std::uint64_t>(nanoseconds));
}

}  // namespace pgweir::metrics
