#include "proxy/wire/writer.hpp"
#include "tests/pool/pool_fixture.hpp"
#include "tests/support/postgres.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pgweir::test {
namespace {

namespace asio = boost::asio;

config::pool_overrides size_of(std::size_t size) {
  config::pool_overrides settings;
  settings.size = size;
  return settings;
}

TEST(pools_of_two_workers, hand_an_idle_backend_over) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  test_client here{pools.pool(0)}, there{pools.pool(1)};
  here.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return here.has_backend(); }));
  const int pid = here.server_pid();
  here.release();
  there.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return there.has_backend(); }));
  EXPECT_EQ(there.server_pid(), pid);
  there.query("select 'moved'");
  ASSERT_TRUE(pools.until_all([&] { return there.is_answered(); }));
  EXPECT_EQ(pools.idle(0), 0);
  EXPECT_EQ(pools.instruments(1).servers[metrics::server_state::active].value(), 1);
}

TEST(pools_of_two_workers, give_a_returned_backend_to_the_sibling_that_waits) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  test_client here{pools.pool(0)}, there{pools.pool(1)};
  here.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return here.has_backend(); }));
  there.acquire(pools.plain());
  EXPECT_TRUE(pools.pool(0).has_waiters());
  here.release();
  EXPECT_TRUE(pools.until_all([&] { return there.has_backend(); }));
}

TEST(pools_of_two_workers, give_nobody_a_backend_from_before_logins_changed) {
  using metrics::close_reason;
  pool_fixture pools{postgres::shared().server(), size_of(2), 2};
  test_client lent{pools.pool(0)}, idle{pools.pool(1)}, next{pools.pool(1)};
  lent.acquire(pools.plain());
  idle.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return lent.has_backend() && idle.has_backend(); }));
  const auto before = {lent.server_pid(), idle.server_pid()};
  idle.release();
  pools.note_login_change();
  next.acquire(pools.plain());
  EXPECT_FALSE(next.has_backend());
  lent.release();
  lent.acquire(pools.plain());
  EXPECT_FALSE(lent.has_backend());
  ASSERT_TRUE(pools.until_all([&] { return lent.has_backend() && next.has_backend(); }));
  for (const int pid : before) EXPECT_TRUE(pid != lent.server_pid() && pid != next.server_pid());
  EXPECT_EQ(pools.closes(close_reason::outdated, 0), 1u);
  EXPECT_EQ(pools.closes(close_reason::outdated, 1), 1u);
  lent.release();
  lent.acquire(pools.plain());
  EXPECT_TRUE(lent.has_backend()) << "one from afterwards is kept";
}

TEST(pools_of_two_workers, close_idle_backends_of_all_when_logins_change) {
  pool_fixture pools{postgres::shared().server(), size_of(2), 2};
  test_client here{pools.pool(0)}, there{pools.pool(1)};
  here.acquire(pools.plain());
  there.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return here.has_backend() && there.has_backend(); }));
  here.release();
  there.release();
  pools.note_login_change();
  EXPECT_TRUE(pools.until_all([&] { return pools.open() == 0; }));
}

TEST(pools_of_two_workers, connect_again_when_logins_change_during_the_login) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  test_client who{pools.pool(0)};
  who.acquire(pools.plain());
  pools.at(0).context.poll();
  ASSERT_FALSE(who.has_backend());
  pools.note_login_change();
  EXPECT_TRUE(pools.until_all([&] { return who.has_backend(); }));
  EXPECT_EQ(pools.closes(metrics::close_reason::outdated), 1u);
  EXPECT_EQ(pools.open(), 1u);
}

TEST(pools_of_two_workers, serve_the_sibling_that_waited_longer_first) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  test_client holder{pools.pool(0)}, older{pools.pool(1)}, younger{pools.pool(0)};
  std::vector<test_client*> order;
  older.order = younger.order = &order;
  holder.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return holder.has_backend(); }));
  older.acquire(pools.plain());
  const auto start = io::clock::now();
  ASSERT_TRUE(pools.until_all([&] { return io::clock::now() - start > 2 * pool::policy::handover_slack; }));
  younger.acquire(pools.plain());
  holder.release();
  ASSERT_TRUE(pools.until_all([&] { return order.size() == 1; }));
  EXPECT_EQ(order.front(), &older);
  older.release();
  EXPECT_TRUE(pools.until_all([&] { return order.size() == 2; }));
}

TEST(pools_of_two_workers, make_room_for_another_profile_on_the_sibling) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  const auto special = pools.profile({.options = "", .settings = {{"work_mem", "7MB"}}, .replication = ""});
  test_client here{pools.pool(0)}, there{pools.pool(1)};
  here.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return here.has_backend(); }));
  here.release();
  there.acquire(special);
  EXPECT_TRUE(pools.until_all([&] { return there.has_backend(); }));
  EXPECT_EQ(pools.open(), 1u);
}

TEST(pools_of_two_workers, give_the_room_of_a_closed_backend_to_the_sibling_that_waits) {
  pool_fixture pools{postgres::shared().server(), size_of(1), 2};
  test_client here{pools.pool(0)}, there{pools.pool(1)};
  here.acquire(pools.plain());
  ASSERT_TRUE(pools.until_all([&] { return here.has_backend(); }));
  there.acquire(pools.plain());
  here.held.discard(metrics::close_reason::client);
  EXPECT_TRUE(pools.until_all([&] { return there.has_backend(); }));
}

// Acquires, asks, releases, again and again, on its worker's thread.
class busy_client final : public pool::waiter, public pool::backend_user {
 public:
  busy_client(asio::io_context& context, pool::pool& from, pool::shared_profile startup, int rounds,
              std::string token)
      : context_(context),
        pool_(from),
        startup_(std::move(startup)),
        left_(rounds),
        token_(std::move(token)) {}

  void go() { pool_.acquire(*this, startup_); }
  bool is_done() const { return left_ == 0; }
  bool is_wrong() const { return wrong_; }

 private:
  void on_backend(pool::lease granted) override {
    held_ = std::move(granted);
    held_->set_user(this);
    answer_.clear();
    std::string message;
    wire::writer{message}.begin('Q').c_string("select '" + token_ + "'").end();
    held_->send(wire::as_bytes(message));
  }
  void on_no_backend(const pool::server_failure&) override { fail(); }
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override {
    answer_ += wire::as_text(arrived);
    if (!answer_.ends_with(std::string("Z\0\0\0\5I", 6))) return arrived.size();
    wrong_ = wrong_ || answer_.find(token_) == std::string::npos;
    held_.release();
    --left_;
    if (left_ > 0) asio::post(context_, [this] { go(); });
    return arrived.size();
  }
  void on_server_drained() override {}
  void on_server_lost(io::io_status) override {
    held_.discard(metrics::close_reason::server);
    fail();
  }
  void fail() {
    wrong_ = true;
    left_ = 0;
  }

  asio::io_context& context_;
  pool::pool& pool_;
  pool::shared_profile startup_;
  pool::lease held_;
  std::string answer_;
  int left_;
  std::string token_;
  bool wrong_ = false;
};

TEST(pools_of_two_workers, keep_the_budget_and_lose_nobody_in_two_threads) {
  constexpr std::size_t size = 3;
  pool_fixture pools{postgres::shared().server(), size_of(size), 2};
  std::deque<busy_client> clients[2];
  std::atomic<bool> exceeded{false};
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    auto& own = pools.at(worker);
    auto& pool = pools.pool(worker);
    const auto startup = own.pools.intern({});
    for (int i = 0; i < 20; ++i) {
      const auto token = "token-" + std::to_string(worker) + "-" + std::to_string(i) + "-";
      clients[worker].emplace_back(own.context, pool, startup, 100, token);
    }
  }
  for (std::size_t worker = 0; worker < 2; ++worker)
    threads.emplace_back([&, worker] {
      for (auto& one : clients[worker]) one.go();
      const auto all_done = [&] {
        exceeded = exceeded || pools.open() > size;
        return std::all_of(clients[worker].begin(), clients[worker].end(),
                           [](const auto& one) { return one.is_done(); });
      };
      EXPECT_TRUE(run_until(pools.at(worker).context, all_done, std::chrono::seconds{60}));
      // The sibling may still want our idle backends.
      ++done;
      asio::post(pools.at(1 - worker).context, [] {});
      EXPECT_TRUE(run_until(
          pools.at(worker).context, [&] { return done == 2; }, std::chrono::seconds{60}));
    });
  for (auto& one : threads) one.join();
  EXPECT_FALSE(exceeded);
  for (const auto& side : clients)
    for (const auto& one : side) EXPECT_FALSE(one.is_wrong());
}

}  // namespace
}  // namespace pgweir::test
