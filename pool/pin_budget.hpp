// pool/pin_budget.hpp - how many sessions of one (database, user) may keep a server connection beyond a
// transaction (max_pinned), for the whole process. A session takes a place before it runs what would make it
// do so, or waits for one; what nobody could foresee takes a place beyond the limit.
#pragma once

#include "pool/io/loop.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace pgweir::pool {

class pin_waiter {
 public:
  // It has the place that it waited for.
  virtual void on_pin_place() = 0;

 protected:
  ~pin_waiter() = default;
};

// Thread rule: any thread.
class pin_budget {
 public:
  explicit pin_budget(std::size_t limit) : limit_(limit) {}
  pin_budget(const pin_budget&) = delete;
  pin_budget& operator=(const pin_budget&) = delete;

  bool is_limited() const { return limit_ > 0; }
  std::size_t limit() const { return limit_; }

 private:
  friend class pin_place;
  struct ticket {
    ticket(io::loop& on, pin_waiter& waits) : loop(on), who(&waits) {}
    io::loop& loop;
    pin_waiter* who;                       // touched on the loop's thread only
    std::atomic<bool> is_given_up{false};  // `who` does not wait any more
  };

  bool try_take();
  void take_anyway();
  std::shared_ptr<ticket> wait(io::loop& on, pin_waiter& who);
  void give_back();

  const std::size_t limit_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::deque<std::shared_ptr<ticket>> line_;
};

// What one session has of it. Thread rule: the session's thread. The budget outlives it.
class pin_place {
 public:
  explicit pin_place(pin_budget& of) : of_(of) {}
  ~pin_place() { leave(); }
  pin_place(const pin_place&) = delete;
  pin_place& operator=(const pin_place&) = delete;

  bool is_taken() const { return is_taken_; }
  bool is_waiting() const { return ticket_ != nullptr; }

  // Preconditions: neither taken nor waiting; the budget is limited. False: no place is free.
  bool try_take() { return is_taken_ = of_.try_take(); }
  // on_pin_place() follows, unless it leaves before.
  void wait(io::loop& on, pin_waiter& who) { ticket_ = of_.wait(on, who); }
  // By on_pin_place().
  void accept();
  // Where it was only found out afterwards. Does nothing where there is no limit.
  void take_anyway();
  void leave();

 private:
  pin_budget& of_;
  std::shared_ptr<pin_budget::ticket> ticket_;
  bool is_taken_ = false;
};

}  // namespace pgweir::pool
