// metrics/instrument.hpp - counters, gauges and histograms with one writer and any number of readers.
//
// Thread rule: one thread (the worker that owns the instrument) writes, any thread reads. A write is a plain
// load and store of a relaxed atomic: no lock, no bus-locked instruction. prometheus-cpp's own Histogram
// holds a mutex, which is why the hot path writes here and metrics/exposition.hpp sums over the workers at
// scrape time.
#pragma once

#include <array>
#include <atomic>
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

// Upper bounds of the latency buckets, in seconds: 50 microseconds to 60 seconds.
inline constexpr std::array<double, 20> latency_bounds{0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                       0.01,    0.02,   0.05,   0.1,    0.2,   0.5,   1.0,
                                                       2.0,     5.0,    10.0,   20.0,   30.0,  60.0};

class latency_histogram {
 public:
  static constexpr std::size_t buckets = latency_bounds.size() + 1;  // the last one is +Inf

  void observe(std::chrono::nanoseconds elapsed);

  std::uint64_t count_of(std::size_t bucket) const { return counts_[bucket].value(); }
  double sum_seconds() const { return static_cast<double>(sum_nanoseconds_.value()) * 1e-9; }

 private:
  std::array<counter, buckets> counts_;
  counter sum_nanoseconds_;
};

}  // namespace pgweir::metrics
