// metrics/instrument.hpp - counters, gauges and histograms with one writer and any number of readers.
//
// Thread rule: one thread (the worker that owns the instrument) writes, any thread reads. A write is a plain
// load and store of a relaxed atomic: no lock, no bus-locked instruction. prometheus-cpp's own Histogram
// holds a mutex, which is why the hot path writes here and metrics/exposition.hpp sums over the workers at
// scrape time.
#pragma once

#include "metrics/latency_bounds.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pgweir::metrics {

class counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
 public:
  void add(std::int64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class latency_histogram {
 public:
  static constexpr auto& bounds = latency_bounds;
  static constexpr std::size_t buckets = bounds.size() + 1;  // the last one is +Inf

  void observe(std::chrono::nanoseconds elapsed) {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed.count(), 0));
    counts_[latency_bucket(nanoseconds)].add();
    sum_nanoseconds_.add(nanoseconds);
  }

  std::uint64_t count_of(std::size_t bucket) const { return counts_[bucket].value(); }
  double sum() const { return static_cast<double>(sum_nanoseconds_.value()) * 1e-9; }  // seconds

 private:
  std::array<counter, buckets> counts_;
  counter sum_nanoseconds_;
};

inline constexpr std::array<double, 10> depth_bounds{0, 1, 2, 4, 8, 16, 32, 64, 128, 256};

// How many stood before something in a queue.
class depth_histogram {
 public:
  static constexpr auto& bounds = depth_bounds;
  static constexpr std::size_t buckets = bounds.size() + 1;  // the last one is +Inf

  void observe(std::size_t depth) {
    // Bucket 1 + w ends at 2 to the power of w.
    const std::size_t bucket = depth == 0 ? 0 : 1 + static_cast<std::size_t>(std::bit_width(depth - 1));
    counts_[std::min(bucket, buckets - 1)].add();
    sum_.add(depth);
  }

  std::uint64_t count_of(std::size_t bucket) const { return counts_[bucket].value(); }
  double sum() const { return static_cast<double>(sum_.value()); }

 private:
  std::array<counter, buckets> counts_;
  counter sum_;
};

}  // namespace pgweir::metrics
