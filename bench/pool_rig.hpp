// bench/pool_rig.hpp - one worker's pool with backends that no server stands behind: their sockets lead
// nowhere.
//
// They come as from a sibling, by a delivery of the shared pool. A second worker exists by its seat only, so
// that all looks at siblings are paid for. The pool is full: it never connects.
#pragma once

#include "config/config.hpp"
#include "metrics/registry.hpp"
#include "pool/io/loop.hpp"
#include "pool/pool.hpp"
#include "pool/worker_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace pgweir::bench {

// A session that holds at most one backend, and gives it back before it goes.
class pool_session final : public pool::waiter {
 public:
  pool_session(pool::pool& from, pool::shared_profile startup) : pool_(from), startup_(std::move(startup)) {}
  ~pool_session();

  void acquire() { pool_.acquire(*this, startup_); }
  void release() { held_.release(); }
  bool has_backend() const { return static_cast<bool>(held_); }

 private:
  void on_backend(pool::lease granted) override { held_ = std::move(granted); }
  void on_no_backend(const pool::server_failure&) override {}

  pool::pool& pool_;
  pool::shared_profile startup_;
  pool::lease held_;
};

class pool_rig {
 public:
  // One backend for each of `profiles`, all of them idle. Throws std::runtime_error if the pool does not take
  // them.
  explicit pool_rig(const std::vector<pool::shared_profile>& profiles);
  ~pool_rig();
  pool_rig(const pool_rig&) = delete;
  pool_rig& operator=(const pool_rig&) = delete;

  pool::pool& pool() { return *pool_; }

 private:
  void add_backend(const pool::shared_profile& startup);

  boost::asio::io_context context_{1};
  io::loop loop_{context_};
  boost::asio::thread_pool blocking_{1};
  metrics::registry metrics_{1, 1};
  std::shared_ptr<pool::shared_pool> shared_;
  std::unique_ptr<pool::worker_pool> pool_;
  std::vector<int> far_ends_;
};

// `count` profiles that differ from one another.
std::vector<pool::shared_profile> different_profiles(std::size_t count);

}  // namespace pgweir::bench
