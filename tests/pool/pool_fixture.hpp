// tests/pool/pool_fixture.hpp - workers with their pools, run by the test's own thread, and clients that use
// them.
#pragma once

#include "config/config.hpp"
#include "metrics/registry.hpp"
#include "pool/pool_set.hpp"
#include "tests/support/run_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::test {

// A session that holds at most one backend.
class test_client final : public pool::waiter, public pool::backend_user {
 public:
  explicit test_client(pool::pool& from) : pool_(from) {}
  ~test_client() { pool_.give_up(*this); }

  void acquire(const pool::shared_profile& startup);
  void release();
  void query(const std::string& sql);

  bool has_backend() const { return static_cast<bool>(held); }
  int server_pid() const { return held->welcome().process_id; }
  // The answer to query() is complete.
  bool is_answered() const;

  pool::lease held;
  std::optional<pool::server_failure> failure;
  std::string answer;
  bool lost = false;
  std::vector<test_client*>* order = nullptr;  // where it enters itself when it gets a backend

 private:
  void on_backend(pool::lease granted) override;
  void on_no_backend(const pool::server_failure& why) override { failure = why; }
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_drained() override {}
  void on_server_lost(io::io_status why) override;

  pool::pool& pool_;
};

struct test_worker {
  test_worker(std::size_t index, pool::pool_registry& registry, boost::asio::thread_pool& blocking)
      : loop(context), pools(loop, index, registry, blocking) {}

  boost::asio::io_context context{1};
  io::loop loop;
  pool::pool_set pools;
};

// The database "postgres" and the user "postgres" on one server.
class pool_fixture {
 public:
  pool_fixture(const std::string& server, config::pool_overrides settings, std::size_t workers = 1);
  ~pool_fixture();

  pool::pool& pool(std::size_t worker = 0) { return at(worker).pools.get("postgres", "postgres"); }
  test_worker& at(std::size_t worker) { return *workers_[worker]; }
  metrics::pool_instruments& instruments(std::size_t worker = 0) { return pool(worker).instruments(); }
  void note_login_change() { registry_.note_login_change(); }
  std::size_t open() { return registry_.get("postgres", "postgres")->open(); }
  std::int64_t idle(std::size_t worker = 0);
  std::uint64_t closes(metrics::close_reason why, std::size_t worker = 0);

  // Runs worker 0 until it is so; false after 20 s.
  template <class Condition>
  bool until(Condition is_so) {
    return run_until(workers_[0]->context, is_so);
  }

  // Runs all workers, one after the other.
  template <class Condition>
  bool until_all(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!is_so()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      for (auto& worker : workers_) {
        worker->context.restart();
        worker->context.run_for(std::chrono::milliseconds{1});
      }
    }
    return true;
  }

  pool::shared_profile plain() { return profile({}); }
  pool::shared_profile profile(pool::profile content) { return at(0).pools.intern(std::move(content)); }

 private:
  config::config configuration_;
  metrics::registry metrics_;
  pool::pool_registry registry_;
  boost::asio::thread_pool blocking_{1};
  std::vector<std::unique_ptr<test_worker>> workers_;
};

}  // namespace pgweir::test
