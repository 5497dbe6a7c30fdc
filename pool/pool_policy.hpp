// pool/pool_policy.hpp - decides what the pool does next; the pool performs it.
// Pure functions of snapshots: no clock, no locks, no allocation.
#pragma once

#include "config/config.hpp"
#include "metrics/instruments.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace pgweir::pool::policy {

// Attempts to connect under way at once, of one pool and worker: a server that restarts is not stormed.
inline constexpr std::size_t most_attempts = 4;

// A sibling's waiter overtakes an own one only if it has waited longer by this much. Handing a backend over
// costs two system calls and a wake-up, so exact order over all workers would cost more than the wait that it
// saves.
inline constexpr std::chrono::milliseconds handover_slack{2};

// How long the oldest waiter leaves backends of another profile to those behind it while backends of its own
// profile exist: a change of profile costs a whole login.
inline constexpr std::chrono::milliseconds profile_patience{100};

enum class supply {
  hand_over,  // ask a sibling for an idle backend
  open,       // connect
  replace,    // close an idle backend with another profile, then connect
  wait
};

// What an own waiter sees for whom no idle backend fits and nothing is under way yet.
struct pool_snapshot {
  std::size_t max_size = 0;     // config
  std::size_t open = 0;         // connected or connecting, whole process
  std::size_t attempts = 0;     // connecting, this worker
  std::size_t idle_here = 0;    // with another profile
  bool idle_elsewhere = false;  // a sibling may have one to give
  bool asking = false;          // a sibling was asked and has not answered
  bool backing_off = false;     // the server failed a moment ago
  bool may_replace = false;     // see may_change_profile()
};

constexpr supply next_supply(const pool_snapshot& now) {
  if (now.asking) return supply::wait;
  if (now.idle_elsewhere) return supply::hand_over;
  if (now.backing_off || now.attempts >= most_attempts) return supply::wait;
  if (now.open < now.max_size) return supply::open;
  if (now.idle_here > 0 && now.may_replace) return supply::replace;
  return supply::wait;
}

// Whether an idle backend may be closed to make room for the oldest waiter, whose profile is another one.
// own_backends: connected with the waiter's profile; wanted: somebody waits who could use the idle backend as
// it is.
constexpr bool may_change_profile(std::chrono::nanoseconds waited, std::size_t own_backends, bool wanted) {
  return !wanted || own_backends == 0 || waited >= profile_patience;
}

// Tickets are the times at which the waiters came.
constexpr bool sibling_goes_first(std::chrono::nanoseconds sibling_ticket,
                                  std::optional<std::chrono::nanoseconds> own_ticket) {
  return !own_ticket || sibling_ticket + handover_slack < *own_ticket;
}

struct idle_facts {
  std::chrono::nanoseconds age{};  // since the login
  std::chrono::nanoseconds idle_for{};
  std::size_t open = 0;            // of the pool, whole process
  bool template_database = false;  // a backend there would block CREATE DATABASE
};

constexpr bool is_too_old(std::chrono::nanoseconds age, const config::pool_settings& settings) {
  return settings.server_lifetime.count() > 0 && age >= settings.server_lifetime;
}

// Why an idle backend is to be closed now, if at all.
constexpr std::optional<metrics::close_reason> reason_to_close(const idle_facts& now,
                                                               const config::pool_settings& settings) {
  if (is_too_old(now.age, settings)) return metrics::close_reason::lifetime;
  if (now.template_database) return metrics::close_reason::idle;
  const bool timed_out =
      settings.server_idle_timeout.count() > 0 && now.idle_for >= settings.server_idle_timeout;
  if (timed_out && now.open > settings.min_size) return metrics::close_reason::idle;
  return std::nullopt;
}

// How many backends to open so that the pool keeps its minimum, once it has been used.
constexpr std::size_t missing_to_minimum(std::size_t open, std::size_t attempts, bool backing_off,
                                         const config::pool_settings& settings) {
  const auto wanted = settings.min_size < settings.size ? settings.min_size : settings.size;
  if (backing_off || open >= wanted || attempts >= most_attempts) return 0;
  const auto missing = wanted - open;
  return missing < most_attempts - attempts ? missing : most_attempts - attempts;
}

}  // namespace pgweir::pool::policy
