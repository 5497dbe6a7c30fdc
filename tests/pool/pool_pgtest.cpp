#include "tests/pool/pool_fixture.hpp"
#include "tests/support/postgres.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {
namespace {

using metrics::close_reason;
using namespace std::chrono_literals;

config::pool_overrides size_of(std::size_t size) {
  config::pool_overrides settings;
  settings.size = size;
  return settings;
}

class backend_pool : public testing::Test {
 protected:
  std::string server_ = postgres::shared().server();
};

TEST_F(backend_pool, connects_for_the_first_client_and_lends_the_backend_again) {
  pool_fixture pools{server_, size_of(2)};
  test_client first{pools.pool()}, second{pools.pool()};
  first.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return first.has_backend(); }));
  first.query("select 'hello'");
  ASSERT_TRUE(pools.until([&] { return first.is_answered(); }));
  EXPECT_NE(first.answer.find("hello"), std::string::npos);
  const int pid = first.server_pid();
  first.release();
  EXPECT_EQ(pools.idle(), 1);
  second.acquire(pools.plain());
  ASSERT_TRUE(second.has_backend());  // at once, inside acquire()
  EXPECT_EQ(second.server_pid(), pid);
  EXPECT_EQ(pools.instruments().server_assignments.value(), 2u);
  EXPECT_EQ(pools.instruments().servers[metrics::server_state::active].value(), 1);
}

TEST_F(backend_pool, never_opens_more_than_its_size_and_serves_in_order) {
  pool_fixture pools{server_, size_of(2)};
  std::vector<std::unique_ptr<test_client>> clients;
  std::vector<test_client*> order;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<test_client>(pools.pool()));
    clients.back()->order = &order;
    clients.back()->acquire(pools.plain());
  }
  for (std::size_t served = 0; served < clients.size(); ++served) {
    ASSERT_TRUE(pools.until([&] { return order.size() > served; }));
    EXPECT_EQ(order[served], clients[served].get());
    EXPECT_LE(pools.open(), 2u);
    order[served]->release();
  }
  EXPECT_FALSE(pools.pool().has_waiters());
  EXPECT_EQ(pools.instruments().oldest_waiter_started_nanoseconds.value(), 0);
}

TEST_F(backend_pool, forgets_who_gave_up) {
  pool_fixture pools{server_, size_of(1)};
  test_client holder{pools.pool()}, leaver{pools.pool()}, next{pools.pool()};
  holder.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return holder.has_backend(); }));
  leaver.acquire(pools.plain());
  EXPECT_TRUE(pools.pool().has_waiters());
  EXPECT_GT(pools.instruments().oldest_waiter_started_nanoseconds.value(), 0);
  next.acquire(pools.plain());
  pools.pool().give_up(leaver);
  holder.release();
  EXPECT_FALSE(leaver.has_backend());
  EXPECT_TRUE(next.has_backend());
}

TEST_F(backend_pool, discards_a_lease_that_was_not_released) {
  pool_fixture pools{server_, size_of(1)};
  test_client first{pools.pool()}, second{pools.pool()};
  first.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return first.has_backend(); }));
  const int pid = first.server_pid();
  first.held = pool::lease{};
  EXPECT_EQ(pools.closes(close_reason::client), 1u);
  EXPECT_EQ(pools.open(), 0u);
  second.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return second.has_backend(); }));
  EXPECT_NE(second.server_pid(), pid);
}

TEST_F(backend_pool, lends_the_most_recently_used_first_unless_told_to_rotate) {
  for (const bool rotate : {false, true}) {
    auto settings = size_of(2);
    settings.server_round_robin = rotate;
    pool_fixture pools{server_, settings};
    test_client a{pools.pool()}, b{pools.pool()}, c{pools.pool()};
    a.acquire(pools.plain());
    b.acquire(pools.plain());
    ASSERT_TRUE(pools.until([&] { return a.has_backend() && b.has_backend(); }));
    const int first_back = a.server_pid(), last_back = b.server_pid();
    a.release();
    b.release();
    c.acquire(pools.plain());
    EXPECT_EQ(c.server_pid(), rotate ? first_back : last_back);
  }
}

TEST_F(backend_pool, gives_a_backend_only_to_the_profile_it_was_started_with) {
  pool_fixture pools{server_, size_of(2)};
  const auto special = pools.profile({.options = "", .settings = {{"work_mem", "7MB"}}, .replication = ""});
  test_client plain{pools.pool()}, other{pools.pool()};
  plain.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return plain.has_backend(); }));
  const int pid = plain.server_pid();
  plain.release();
  other.acquire(special);
  ASSERT_TRUE(pools.until([&] { return other.has_backend(); }));
  EXPECT_NE(other.server_pid(), pid);
  other.query("show work_mem");
  ASSERT_TRUE(pools.until([&] { return other.is_answered(); }));
  EXPECT_NE(other.answer.find("7MB"), std::string::npos);
}

TEST_F(backend_pool, replaces_an_idle_backend_when_another_profile_needs_its_place) {
  pool_fixture pools{server_, size_of(1)};
  const auto special = pools.profile({.options = "", .settings = {{"work_mem", "7MB"}}, .replication = ""});
  test_client plain{pools.pool()}, other{pools.pool()};
  plain.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return plain.has_backend(); }));
  other.acquire(special);
  plain.release();
  ASSERT_TRUE(pools.until([&] { return other.has_backend(); }));
  EXPECT_EQ(pools.closes(close_reason::replaced), 1u);
  EXPECT_EQ(pools.open(), 1u);
}

TEST_F(backend_pool, gives_a_replication_client_a_backend_of_its_own_outside_the_budget) {
  pool_fixture pools{server_, size_of(1)};
  const auto walsender = pools.profile({.options = "", .settings = {}, .replication = "database"});
  test_client plain{pools.pool()}, standby{pools.pool()};
  plain.acquire(pools.plain());
  standby.acquire(walsender);
  ASSERT_TRUE(pools.until([&] { return plain.has_backend() && standby.has_backend(); }));
  EXPECT_EQ(pools.open(), 1u);
  standby.release();
  EXPECT_EQ(pools.idle(), 0);
  EXPECT_EQ(pools.open(), 1u);
}

TEST_F(backend_pool, keeps_its_minimum_once_it_was_used) {
  auto settings = size_of(5);
  settings.min_size = 3;
  pool_fixture pools{server_, settings};
  pools.at(0).pools.tick(io::clock::now());
  EXPECT_EQ(pools.open(), 0u);
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  pools.at(0).pools.tick(io::clock::now());
  EXPECT_TRUE(pools.until([&] { return pools.idle() == 2; }));
  EXPECT_EQ(pools.open(), 3u);
}

TEST_F(backend_pool, closes_backends_that_are_too_old_when_idle_and_when_they_come_back) {
  auto settings = size_of(2);
  settings.server_lifetime = 60s;
  pool_fixture pools{server_, settings};
  test_client idle{pools.pool()}, busy{pools.pool()};
  idle.acquire(pools.plain());
  busy.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return idle.has_backend() && busy.has_backend(); }));
  idle.release();
  pools.at(0).pools.tick(io::clock::now() + 59s);
  EXPECT_EQ(pools.closes(close_reason::lifetime), 0u);
  pools.at(0).pools.tick(io::clock::now() + 61s);
  EXPECT_EQ(pools.closes(close_reason::lifetime), 1u);
  busy.release();
  EXPECT_EQ(pools.closes(close_reason::lifetime), 2u);
  EXPECT_EQ(pools.open(), 0u);
}

TEST_F(backend_pool, closes_what_was_idle_for_long_down_to_the_minimum) {
  auto settings = size_of(3);
  settings.min_size = 1;
  settings.server_idle_timeout = 60s;
  pool_fixture pools{server_, settings};
  std::vector<std::unique_ptr<test_client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<test_client>(pools.pool()));
    clients.back()->acquire(pools.plain());
  }
  ASSERT_TRUE(pools.until(
      [&] { return clients[0]->has_backend() && clients[1]->has_backend() && clients[2]->has_backend(); }));
  for (auto& one : clients) one->release();
  pools.at(0).pools.tick(io::clock::now() + 59s);
  EXPECT_EQ(pools.idle(), 3);
  pools.at(0).pools.tick(io::clock::now() + 61s);
  EXPECT_EQ(pools.idle(), 1);
  EXPECT_EQ(pools.closes(close_reason::idle), 2u);
}

TEST_F(backend_pool, keeps_no_idle_backend_on_a_template_database) {
  pool_fixture pools{server_, size_of(3)};
  auto& on_template = pools.at(0).pools.get("template", "postgres");
  test_client one{on_template};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  one.release();
  EXPECT_EQ(on_template.instruments().servers[metrics::server_state::idle].value(), 0);
  const auto nobody_there = [] {
    return postgres::shared().value("select count(*) from pg_stat_activity where datname = 'template1'") ==
           "0";
  };
  EXPECT_TRUE(pools.until([&] {
    pools.at(0).context.poll();
    return nobody_there();
  }));
}

TEST_F(backend_pool, notices_that_an_idle_backend_was_terminated) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  const auto pid = one.server_pid();
  one.release();
  postgres::shared().exec("select pg_terminate_backend(" + std::to_string(pid) + ")");
  ASSERT_TRUE(pools.until([&] { return pools.open() == 0; }));
  EXPECT_EQ(pools.closes(close_reason::server), 1u);
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  EXPECT_NE(one.server_pid(), pid);
}

TEST_F(backend_pool, tells_the_user_of_a_backend_that_it_was_terminated) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  postgres::shared().exec("select pg_terminate_backend(" + std::to_string(one.server_pid()) + ")");
  ASSERT_TRUE(pools.until([&] { return one.lost; }));
  EXPECT_NE(one.answer.find("57P01"), std::string::npos);
  EXPECT_EQ(pools.open(), 0u);
}

TEST_F(backend_pool, cancels_a_query) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  one.query("select pg_sleep(600)");
  const auto sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and pid = " +
                      std::to_string(one.server_pid());
  ASSERT_TRUE(pools.until([&] {
    pools.at(0).context.poll();
    return postgres::shared().value(sleeps) == "1";
  }));
  pools.pool().cancel_query(*one.held);
  ASSERT_TRUE(pools.until([&] { return one.is_answered(); }));
  EXPECT_NE(one.answer.find("57014"), std::string::npos);
}

TEST_F(backend_pool, lends_a_backend_again_only_when_no_cancel_can_hit_it_any_more) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()}, next{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  pools.pool().cancel_query(*one.held);
  one.release();
  EXPECT_EQ(pools.instruments().servers[metrics::server_state::being_canceled].value(), 1);
  next.acquire(pools.plain());
  EXPECT_FALSE(next.has_backend());
  ASSERT_TRUE(pools.until([&] { return next.has_backend(); }));
  next.query("select pg_sleep(0.1), 'survived'");
  ASSERT_TRUE(pools.until([&] { return next.is_answered(); }));
  EXPECT_NE(next.answer.find("survived"), std::string::npos);
}

TEST_F(backend_pool, lends_a_backend_to_nobody_that_was_held) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()}, next{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  const auto held = one.held->id();
  const auto held_pid = one.server_pid();
  pools.pool().hold(*one.held);
  one.release();
  next.acquire(pools.plain());
  EXPECT_FALSE(next.has_backend());
  EXPECT_EQ(pools.open(), 1u) << "its process is there as long as somebody may name it";
  pools.pool().let_go(held);
  ASSERT_TRUE(pools.until([&] { return next.has_backend(); }));
  EXPECT_NE(next.server_pid(), held_pid);
}

TEST_F(backend_pool, lets_a_held_backend_go_that_is_still_in_use) {
  pool_fixture pools{server_, size_of(1)};
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  const auto held = one.held->id();
  pools.pool().hold(*one.held);
  pools.pool().let_go(held);
  one.query("select 'usable'");
  ASSERT_TRUE(pools.until([&] { return one.is_answered(); }));
  one.release();
  EXPECT_EQ(pools.open(), 0u);
  pools.pool().let_go(held);
}

TEST_F(backend_pool, refuses_and_closes_everything_at_the_shutdown) {
  pool_fixture pools{server_, size_of(1)};
  test_client holder{pools.pool()}, waiting{pools.pool()}, late{pools.pool()};
  holder.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return holder.has_backend(); }));
  waiting.acquire(pools.plain());
  pools.at(0).pools.close_all();
  ASSERT_TRUE(waiting.failure.has_value());
  EXPECT_EQ(waiting.failure->sqlstate, "57P01");
  late.acquire(pools.plain());
  EXPECT_TRUE(late.failure.has_value());
  EXPECT_EQ(pools.at(0).pools.open_backends(), 1u);
  holder.release();
  EXPECT_EQ(pools.at(0).pools.open_backends(), 0u);
}

}  // namespace
}  // namespace pgweir::test
