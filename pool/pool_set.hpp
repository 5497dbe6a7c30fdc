// pool/pool_set.hpp - one worker's pools by (database, user), and their maintenance once a second.
//
// Destroy it when the worker's loop runs no more, after the `blocking` threads were joined and before the
// loop and the registry. Thread rule: the worker's thread.
#pragma once

#include "pool/io/loop.hpp"
#include "pool/pool_registry.hpp"
#include "pool/profile_set.hpp"
#include "pool/worker_pool.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pgweir::pool {

class pool_set {
 public:
  static constexpr std::chrono::seconds tick_interval{1};

  // `blocking` runs what may block (PQcancel).
  pool_set(io::loop& loop, std::size_t worker, pool_registry& registry, boost::asio::thread_pool& blocking);

  // Made on first use; stays as long as the set. REQUIRES: see pool_registry::get.
  pool& get(std::string_view database, std::string_view user);

  // The one object for all profiles with this content: ask once per session, comparing them is cheap then.
  shared_profile intern(profile startup) { return profiles_.intern(std::move(startup)); }

  // Lifetime, idle timeout and minimum size of every pool. Called once a second by the set's own timer.
  void tick(io::clock::time_point now);

  // For the shutdown: waiters are refused, idle backends closed, lent ones when they come back; maintenance
  // ends.
  void close_all();
  // Backends that are still there, lent ones after close_all().
  std::size_t open_backends() const;

 private:
  void schedule_tick();

  io::loop& loop_;
  const std::size_t worker_;
  pool_registry& registry_;
  boost::asio::thread_pool& blocking_;
  profile_set profiles_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<worker_pool>> pools_;
  boost::asio::steady_timer timer_;
  bool closing_ = false;
};

}  // namespace pgweir::pool
