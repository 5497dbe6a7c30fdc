// proxy/core/error_patience.hpp - which errors of a statement are taken as a sign that it is out of date.
//
// The server refuses a value or an operand: either the types have changed since the text was parsed, or the
// client has made a mistake. The first such error is believed, and the text gets a new statement. If that one
// fails as well, just parsed, the errors were the clients' own; then twice as many are passed over before the
// next is believed. So clients that go on making mistakes have next to nothing prepared again for everybody,
// and a text that never failed by itself is mended by the first error. Thread-safe; counts roughly.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace pgweir::core {

class error_patience {
 public:
  // Counts an error of a statement that was parsed before its client asked for it. True: it is believed.
  bool is_over() {
    const auto left = left_.load(std::memory_order_relaxed);
    if (left > 0) left_.store(left - 1, std::memory_order_relaxed);
    return left == 0;
  }
  // The statement has failed although it was parsed since.
  void note_mistake() {
    if (!on_trial_.exchange(false, std::memory_order_relaxed)) return;
    span_ = std::min(2 * span_.load(std::memory_order_relaxed) + 1, longest_span);
    left_ = span_.load(std::memory_order_relaxed);
  }
  // Of the statement that takes the place of one that is out of date.
  void follow(const error_patience& before) {
    span_ = left_ = before.span_.load(std::memory_order_relaxed);
    on_trial_ = true;
  }

 private:
  static constexpr std::uint32_t longest_span = 15;

  std::atomic<std::uint32_t> span_{0};  // errors to pass over before one is believed
  std::atomic<std::uint32_t> left_{0};  // of these
  std::atomic<bool> on_trial_{false};   // it follows another, and no error has told more since
};

}  // namespace pgweir::core
