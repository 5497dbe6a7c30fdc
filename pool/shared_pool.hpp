// pool/shared_pool.hpp - what the workers' pools of one (database, user) share: the budget, and the line over
// workers.
//
// Each worker has a seat. What the hot path reads and writes of it are atomics (sequentially consistent: a
// worker that puts a backend into its idle list and one that starts to wait must not miss each other); names
// and backends on their way between workers are under the seat's mutex. Workers reach one another only by
// messages to their io_contexts. Thread rule: any thread, except where said.
#pragma once

#include "config/config.hpp"
#include "pool/backend.hpp"
#include "pool/io/loop.hpp"
#include "pool/pin_budget.hpp"
#include "pool/profile.hpp"
#include "pool/sequence_habits.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::pool {

// A worker's pool as its siblings know it. Called on the worker's own thread.
class pool_sibling {
 public:
  // Something may have changed for its waiters: room in the budget, or shared_pool::take_delivery() has
  // something.
  virtual void on_wake() = 0;
  // Worker `by` needs a backend with this profile, or with any. Answered by give() or refuse().
  virtual void on_asked(std::size_t by, const shared_profile& profile, bool any) = 0;
  // See pool_registry::vacate().
  virtual void on_vacate(const std::string& database) = 0;

 protected:
  ~pool_sibling() = default;
};

// What a worker's oldest waiter needs.
struct demand {
  std::chrono::nanoseconds ticket;  // see waiter
  shared_profile profile;
  bool any;  // the budget is used up: a backend of another profile makes room, too
};

struct delivery {
  std::vector<std::unique_ptr<backend>> backends;  // detached from their former loop
  bool refused = false;
};

class shared_pool {
 public:
  shared_pool(std::string database, std::string user, const config::pool_settings& settings,
              std::size_t workers);
  ~shared_pool();
  shared_pool(const shared_pool&) = delete;
  shared_pool& operator=(const shared_pool&) = delete;

  // Constant after construction.
  const std::string& database() const { return database_; }
  const std::string& user() const { return user_; }
  const config::pool_settings& settings() const { return settings_; }
  std::size_t workers() const { return seats_.size(); }
  sequence_habits& sequences() { return sequences_; }
  pin_budget& pins() { return pins_; }

  // `member` must stay until the io_context runs no more, or leave() was called on its thread and all posted
  // was run.
  void join(std::size_t worker, io::loop& loop, pool_sibling& member);
  void leave(std::size_t worker);

  // The budget: one for each backend from the start of its login on. False: `limit` are open already.
  bool try_open(std::size_t limit);
  // One is closed; `by` looks after itself, the worker that has waited longest is woken.
  void closed(std::size_t by);
  std::size_t open() const { return open_.load(); }

  void set_idle(std::size_t worker, std::size_t idle) { seats_[worker]->idle.store(idle); }
  std::optional<std::size_t> idle_elsewhere(std::size_t worker) const;

  void announce(std::size_t worker, std::optional<demand> oldest);
  struct elsewhere {
    std::size_t worker;
    std::chrono::nanoseconds ticket;
  };
  std::optional<elsewhere> longest_waiting_elsewhere(std::size_t worker) const;
  // Whether another worker's oldest waiter would take any backend, as the budget is used up.
  bool is_short_elsewhere(std::size_t worker) const;
  // Whether the oldest waiter of `worker` could use a backend with this profile.
  bool could_use(std::size_t worker, const shared_profile& offered) const;

  void ask(std::size_t from, std::size_t by, const shared_profile& profile, bool any);
  void wake_others(std::size_t worker);
  void vacate(const std::shared_ptr<const std::string>& database);
  // See pool_registry::note_login_change(). REQUIRES: `at` is not before that of an earlier call.
  void note_login_change(io::clock::time_point at);
  // Backends whose login began before are outdated; the epoch: none is.
  io::clock::time_point logins_changed_at() const { return logins_changed_at_.load(); }
  void give(std::size_t to, std::unique_ptr<backend> detached);
  void refuse(std::size_t to);
  delivery take_delivery(std::size_t worker);

 private:
  // Starts a cache line of its own, so that workers do not slow one another down.
  struct alignas(64) seat {
    std::atomic<std::size_t> idle{0};
    std::atomic<std::int64_t> oldest_ticket{0};  // nanoseconds; 0: nobody waits

    std::mutex mutex;  // guards what follows
    io::loop* loop = nullptr;
    pool_sibling* member = nullptr;
    std::optional<demand> oldest;
    delivery delivered;
  };
  void wake(std::size_t worker);

  const std::string database_, user_;
  const config::pool_settings settings_;
  std::vector<std::unique_ptr<seat>> seats_;
  std::atomic<std::size_t> open_{0};
  std::atomic<io::clock::time_point> logins_changed_at_{io::clock::time_point{}};
  sequence_habits sequences_;
  pin_budget pins_;
};

}  // namespace pgweir::pool
