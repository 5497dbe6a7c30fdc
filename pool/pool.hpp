// pool/pool.hpp - one worker's share of the backends of one (database, user).
//
// The budget (pool.size) is for the whole process: see pool/shared_pool.hpp. A worker that needs a backend
// takes its own idle one with an equal profile; else an idle one handed over by a sibling; else a new one
// from the budget; else an idle one with another profile is closed for a new one; else it waits. First come,
// first served, over all workers. No client waits while any worker holds an idle backend of its pool, unless
// that is left to lanes (pool/lane_policy.hpp). The decision itself is pool/pool_policy.hpp. Thread rule: the
// worker's thread.
#pragma once

#include "config/config.hpp"
#include "metrics/instruments.hpp"
#include "pool/backend.hpp"
#include "pool/pin_budget.hpp"
#include "pool/sequence_habits.hpp"
#include "pool/server_failure.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::pool {

class pool;

// What a unit needs that may share a backend with others.
struct lane_wish {
  std::string_view application_name;  // of its session: a lane has one for all; must stay valid
  std::chrono::nanoseconds expected{};
  std::chrono::nanoseconds asked_at{};  // steady clock
};

// A session that asks for a backend. Embedded in the session; must not be destroyed while waiting
// (pool::give_up).
class waiter {
 public:
  waiter() = default;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  // Exactly one of these follows an acquire(), unless give_up() came first. on_backend may come before
  // acquire() returns; the callee owns the lease from then on.
  virtual void on_backend(class lease granted) = 0;
  virtual void on_no_backend(const server_failure& why) = 0;
  // For who asked for a place on a lane, instead of on_backend: its unit goes to `shared` now. `begins`: it
  // is the first unit there.
  virtual void on_lane(backend& shared, bool begins);
  // What its session has set for itself, as an identity: equal ones can share a lane, and a backend that has
  // it already is preferred. Null: nothing.
  virtual const void* session_settings() const { return nullptr; }
  bool is_waiting() const { return waiting_in_ != nullptr; }

 protected:
  ~waiter() = default;

 private:
  friend class waiting_line;
  waiter* next_ = nullptr;
  waiter* previous_ = nullptr;
  pool* waiting_in_ = nullptr;
  shared_profile profile_;
  std::optional<lane_wish> wish_;
  std::chrono::nanoseconds ticket_{};  // when it came (steady clock): its place in the process-wide line
};

// The right to use one backend alone. Its destructor discards the backend: only what is proven clean goes
// back, by pool::release.
class lease {
 public:
  lease() = default;
  explicit lease(backend& held, pool& owner) : backend_(&held), pool_(&owner) {}
  lease(lease&& other) noexcept : backend_(other.backend_), pool_(other.pool_) { other.backend_ = nullptr; }
  lease& operator=(lease&& other) noexcept;
  ~lease() { discard(metrics::close_reason::client); }

  explicit operator bool() const { return backend_ != nullptr; }
  backend& operator*() const { return *backend_; }
  backend* operator->() const { return backend_; }
  // Clean (no response owed, outside a transaction, no session state): others may have it. If a cancel
  // request is still under way it becomes available when that is done.
  void release();
  void discard(metrics::close_reason why);

 private:
  backend* backend_ = nullptr;
  pool* pool_ = nullptr;
};

// Of the gauges in instruments().servers a lent backend counts as `active`. A session that moves it to
// `idle_in_transaction` moves it back before the lease ends.
class pool {
 public:
  virtual ~pool() = default;

  // `startup` must stay equal for a session. A replication profile gets a backend of its own, outside the
  // budget. With a wish a place on a lane is looked for, and a lease given to nobody.
  virtual void acquire(waiter& who, const shared_profile& startup,
                       const std::optional<lane_wish>& wish = std::nullopt) = 0;
  virtual void give_up(waiter& who) = 0;
  virtual bool has_waiters() const = 0;  // of this worker or, where the budget is shared, of any
  // One of them can be helped only by who gives a backend back: none is idle, and none may be opened.
  virtual bool is_short() const = 0;

  // Asks the server to cancel what runs on `target`; PQcancel runs on the thread pool. `target` is not given
  // to anybody else before it is done. `until_done` is held until then: the connection of the client that
  // asked.
  virtual void cancel_query(backend& target, std::shared_ptr<void> until_done = nullptr) = 0;

  // Somebody is told the process of `target`, which is lent, and may end it until let_go(). It is given to
  // nobody else before, nor afterwards: what the server was told may take effect later.
  virtual void hold(backend& target) = 0;
  virtual void let_go(std::uint64_t id) = 0;

  // The lane's user says: so many units are answered, and it is done with what has arrived. A lane without
  // units is given back, else it may have room for more.
  virtual void units_left(backend& lane, std::size_t units, std::chrono::nanoseconds expected) = 0;
  // No more units: its backend has become doubtful, or is wanted elsewhere.
  virtual void drain_lane(backend& lane) = 0;
  // Closes a lane's backend. The units on it are the caller's.
  virtual void drop_lane(backend& lane, metrics::close_reason why) = 0;

  // The last failure to connect, if the newest attempt failed: for the message of a wait that timed out.
  virtual const std::optional<server_failure>& last_failure() const = 0;

  // What a backend told that connected before may no longer hold for who logs in now; see
  // pool_registry::note_login_change().
  virtual io::clock::time_point logins_changed_at() const = 0;

  // Of the whole process.
  virtual sequence_habits& sequences() = 0;
  virtual pin_budget& pins() = 0;
  virtual const config::pool_settings& settings() const = 0;
  virtual metrics::pool_instruments& instruments() = 0;
  virtual const std::string& database() const = 0;
  virtual const std::string& user() const = 0;

 protected:
  friend class lease;
  friend class backend;
  virtual void take_back(backend& returned) = 0;
  virtual void drop(backend& discarded, metrics::close_reason why) = 0;
  virtual std::size_t on_idle_bytes(backend& idle, std::span<const std::byte> arrived) = 0;
  virtual void on_idle_lost(backend& idle, io::io_status why) = 0;
};

}  // namespace pgweir::pool
