// metrics/latency_bounds.hpp - the buckets of all latencies, and how a time finds its own.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace pgweir::metrics {

// Upper bounds of the latency buckets, in seconds: 50 microseconds to 60 seconds.
inline constexpr std::array<double, 20> latency_bounds{0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                       0.01,    0.02,   0.05,   0.1,    0.2,   0.5,   1.0,
                                                       2.0,     5.0,    10.0,   20.0,   30.0,  60.0};

// The search is made several times per query, so it has no loop and no branch: the width of a number in bits
// tells the bucket but for the bounds of that same width, and of these there are two at most.
namespace detail {

inline constexpr std::size_t bounds_of_one_width = 2;

// latency_bounds in nanoseconds, and bounds that nothing exceeds.
inline constexpr auto nanosecond_bounds = [] {
  std::array<std::uint64_t, latency_bounds.size() + bounds_of_one_width> bounds{};
  bounds.fill(std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i < latency_bounds.size(); ++i)
    bounds[i] = static_cast<std::uint64_t>(latency_bounds[i] * 1e9 + 0.5);
  return bounds;
}();

// By width: how many bounds are narrower.
inline constexpr auto narrower_bounds = [] {
  std::array<std::uint8_t, 65> narrower{};
  for (std::size_t width = 0; width < narrower.size(); ++width)
    for (std::size_t i = 0; i < latency_bounds.size(); ++i)
      if (static_cast<std::size_t>(std::bit_width(nanosecond_bounds[i])) < width) ++narrower[width];
  return narrower;
}();

static_assert([] {
  for (std::size_t width = 1; width < narrower_bounds.size(); ++width)
    if (narrower_bounds[width] - narrower_bounds[width - 1] > static_cast<int>(bounds_of_one_width))
      return false;
  return true;
}());

}  // namespace detail

// The bucket for a time: the number of bounds below it, as a bound is part of its own bucket ("le").
inline std::size_t latency_bucket(std::uint64_t nanoseconds) {
  const std::size_t first = detail::narrower_bounds[static_cast<std::size_t>(std::bit_width(nanoseconds))];
  return first + (detail::nanosecond_bounds[first] < nanoseconds ? 1 : 0) +
         (detail::nanosecond_bounds[first + 1] < nanoseconds ? 1 : 0);
}

}  // namespace pgweir::metrics
