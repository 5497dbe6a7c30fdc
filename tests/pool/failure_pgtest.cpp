#include "tests/pool/pool_fixture.hpp"
#include "tests/support/postgres.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {
namespace {

config::pool_overrides size_of(std::size_t size) {
  config::pool_overrides settings;
  settings.size = size;
  return settings;
}

std::uint64_t failed_connects(pool_fixture& pools) {
  const auto& errors = pools.instruments().server_connect[metrics::connect_outcome::error];
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < metrics::latency_histogram::buckets; ++i) total += errors.count_of(i);
  return total;
}

TEST(pool_failure, waits_while_the_server_is_down_and_goes_on_when_it_is_back) {
  postgres server;
  pool_fixture pools{server.server(), size_of(3)};
  server.stop();
  test_client one{pools.pool()}, two{pools.pool()};
  one.acquire(pools.plain());
  two.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return failed_connects(pools) >= 3; }));
  EXPECT_FALSE(one.failure.has_value());
  ASSERT_TRUE(pools.pool().last_failure().has_value());
  EXPECT_EQ(pools.pool().last_failure()->sqlstate, "08001");
  server.start();
  EXPECT_TRUE(pools.until([&] { return one.has_backend() && two.has_backend(); }));
  EXPECT_FALSE(pools.pool().last_failure().has_value());
}

TEST(pool_failure, reconnects_after_a_crash_of_the_server) {
  postgres server;
  pool_fixture pools{server.server(), size_of(1)};
  test_client one{pools.pool()};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.has_backend(); }));
  one.release();
  server.stop("immediate");
  server.start();
  ASSERT_TRUE(pools.until([&] { return pools.open() == 0; }));
  one.acquire(pools.plain());
  EXPECT_TRUE(pools.until([&] { return one.has_backend(); }));
}

TEST(pool_failure, waits_while_the_server_is_full) {
  postgres server{
      {.auth = "scram-sha-256",
       .settings = {"max_connections = 5", "superuser_reserved_connections = 3", "max_wal_senders = 0"}}};
  server.exec("create role app login password 'app'");
  pool_fixture pools{server.server() + " user=app password=app", size_of(4)};
  std::vector<std::unique_ptr<test_client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<test_client>(pools.pool()));
    clients.back()->acquire(pools.plain());
  }
  const auto served = [&] {
    std::size_t count = 0;
    for (const auto& one : clients) count += one->has_backend() ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(pools.until([&] { return served() == 2 && failed_connects(pools) >= 1; }));
  EXPECT_EQ(pools.pool().last_failure()->sqlstate, "53300");
  for (auto& one : clients) EXPECT_FALSE(one->failure.has_value());
  clients[0]->release();
  clients[1]->release();
  EXPECT_TRUE(
      pools.until([&] { return served() == 2 && clients[2]->has_backend() && clients[3]->has_backend(); }));
}

TEST(pool_failure, fails_at_once_when_asking_again_would_not_help) {
  pool_fixture pools{postgres::shared().server(), size_of(2)};
  auto& refused_pool = pools.at(0).pools.get("postgres", "no_such_role");
  test_client one{refused_pool}, two{refused_pool};
  one.acquire(pools.plain());
  two.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.failure.has_value() && two.failure.has_value(); }));
  EXPECT_EQ(one.failure->sqlstate, "28P01");
  EXPECT_EQ(one.failure->message, "password authentication failed for user \"no_such_role\"");
}

TEST(pool_failure, does_not_go_on_to_fill_up_a_pool_that_the_server_refuses) {
  auto settings = size_of(2);
  settings.min_size = 1;
  pool_fixture pools{postgres::shared().server(), settings};
  auto& refused_pool = pools.at(0).pools.get("postgres", "no_such_role");
  test_client one{refused_pool};
  one.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return one.failure.has_value(); }));
  const auto logins = [&] {
    return refused_pool.instruments().servers[metrics::server_state::login].value();
  };
  for (int second = 1; second < 100; ++second) {
    pools.at(0).pools.tick(io::clock::now() + std::chrono::seconds{second});
    ASSERT_EQ(logins(), 0) << second;
  }
}

TEST(pool_failure, fails_only_the_profile_that_the_server_refused) {
  pool_fixture pools{postgres::shared().server(), size_of(2)};
  const auto bad =
      pools.profile({.options = "", .settings = {{"no_such_parameter", "1"}}, .replication = ""});
  test_client good{pools.pool()}, wrong{pools.pool()};
  wrong.acquire(bad);
  good.acquire(pools.plain());
  ASSERT_TRUE(pools.until([&] { return good.has_backend() && wrong.failure.has_value(); }));
  EXPECT_EQ(wrong.failure->sqlstate, "42704");
  EXPECT_FALSE(good.failure.has_value());
  EXPECT_EQ(pools.open(), 1u);
}

TEST(pool_failure, keeps_few_logins_under_way_at_once) {
  pool_fixture pools{postgres::shared().server(), size_of(20)};
  std::vector<std::unique_ptr<test_client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<test_client>(pools.pool()));
    clients.back()->acquire(pools.plain());
  }
  std::int64_t most = 0;
  ASSERT_TRUE(pools.until([&] {
    most = std::max(most, pools.instruments().servers[metrics::server_state::login].value());
    return clients.back()->has_backend();
  }));
  EXPECT_LE(most, 4);
  EXPECT_EQ(pools.open(), 20u);
}

}  // namespace
}  // namespace pgweir::test
