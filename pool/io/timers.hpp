// pool/io/timers.hpp - many cheap timeouts on one worker.
//
// A hashed wheel: arming and cancelling are two list operations, no allocation and no system call, so a
// timeout can be armed for every query. Precision is one tick (20 ms), never early. The wheel turns only
// while something is armed. Thread rule: the worker's thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pgweir::io {

using clock = std::chrono::steady_clock;

class timers;

// Derive from it (or own one) to be called back. Destruction cancels.
class timeout {
 public:
  timeout() = default;
  timeout(const timeout&) = delete;
  timeout& operator=(const timeout&) = delete;
  virtual ~timeout() { unlink(); }

  virtual void on_timeout() = 0;
  bool is_armed() const { return next_ != nullptr; }

 private:
  friend class timers;
  friend struct timeout_list;
  void unlink();

  timeout* next_ = nullptr;
  timeout* previous_ = nullptr;
  clock::time_point deadline_{};
};

class timers {
 public:
  static constexpr std::chrono::milliseconds tick{20};

  explicit timers(boost::asio::io_context& context);
  timers(const timers&) = delete;
  timers& operator=(const timers&) = delete;
  ~timers();

  // Arms, or re-arms with a new deadline.
  void arm(timeout& target, clock::time_point deadline);
  void cancel(timeout& target) { target.unlink(); }

  // Calls back everything due at `now`. Called by the wheel's own timer; tests call it with a clock of their
  // own.
  void run_until(clock::time_point now);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace pgweir::io
