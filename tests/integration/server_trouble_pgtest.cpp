// Servers that are down, full, restarting, or that end a connection; and what clients are told.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <signal.h>

namespace pgweir::test {
namespace {

constexpr const char* own_pid = "SELECT pg_backend_pid()";

void terminate(const std::string& pid) {
  postgres::shared().exec("SELECT pg_terminate_backend(" + pid + ", 10000)");
}

TEST(server_trouble, a_backend_terminated_in_a_query_tells_its_client_so) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("BEGIN");
  const auto pid = client.value(own_pid);
  client.send(frontend::query("SELECT pg_sleep(60)"));
  ASSERT_TRUE(eventually([&] {
    return postgres::shared().value("SELECT wait_event FROM pg_stat_activity WHERE pid = " + pid) ==
           "PgSleep";
  }));
  terminate(pid);
  const auto answer = client.read_until_ready();
  EXPECT_EQ(sqlstate_of(answer), "57P01");
  EXPECT_TRUE(client.at_end());
}

TEST(server_trouble, a_backend_terminated_while_idle_is_unseen) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  for (int turn = 0; turn < 10; ++turn) {
    const auto text = "idle in turn " + std::to_string(turn);
    client.value("SELECT '" + text + "'");
    terminate(postgres::shared().value(
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%" + text + "%'"));
    EXPECT_EQ(client.value("SELECT 'alive'"), "alive");
  }
}

TEST(server_trouble, a_backend_terminated_in_an_idle_transaction_tells_its_client_so) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("BEGIN");
  terminate(client.value(own_pid));
  EXPECT_EQ(client.read().sqlstate(), "57P01");
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
}

TEST(server_trouble, clients_wait_for_a_server_that_restarts_and_go_on) {
  postgres own;
  pgweir_process pgweir{pgweir_process::trusting(own.server() + " password=postgres", "size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(client.value("SELECT 1"), "1");
  own.stop();
  client.send(frontend::query("SELECT 2"));
  EXPECT_TRUE(
      eventually([&] { return pgweir.metric("pgweir_client_connections", "state=\"waiting\"") == 1; }));
  own.start();
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"2"});
}

TEST(server_trouble, a_wait_that_is_too_long_says_what_failed_and_where_and_the_client_goes_on) {
  postgres own;
  pgweir_process pgweir{pgweir_process::trusting(own.server() + " password=postgres",
                                                 "size = 1\nquery_wait_timeout = \"300ms\"")};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(client.value("SELECT 1"), "1");
  own.stop();
  const auto answer = client.ask_sql("SELECT 2");
  ASSERT_EQ(types_of(answer), "EZ");
  EXPECT_EQ(answer.front().sqlstate(), "57014");
  EXPECT_NE(answer.front().field('D').find(std::to_string(own.port())), std::string::npos)
      << answer.front().field('D');
  EXPECT_EQ(pgweir.metric("pgweir_client_wait_seconds_count", "outcome=\"timeout\""), 1);
  own.start();
  EXPECT_TRUE(eventually([&] { return types_of(client.ask_sql("SELECT 3")) == "TDCZ"; }));
}

TEST(server_trouble, a_wait_for_a_busy_pool_says_so) {
  pgweir_process pgweir{proxied("size = 1\nquery_wait_timeout = \"200ms\"")};
  auto holder = wire_client::postgres(pgweir.tcp());
  holder.ask_sql("BEGIN; SELECT 1");
  auto client = wire_client::postgres(pgweir.tcp());
  const auto answer = client.ask(frontend::parse("", "SELECT 1") + frontend::bind("", "") +
                                 frontend::execute() + frontend::sync());
  ASSERT_EQ(types_of(answer), "EZ");
  EXPECT_EQ(answer.front().field('D'), "All 1 server connections of the pool are in use.");
  holder.ask_sql("COMMIT");
  EXPECT_EQ(client.value("SELECT 1"), "1");
}

TEST(server_trouble, unknown_databases_and_roles_are_refused_as_the_server_refuses_them) {
  pgweir_process pgweir{proxied("")};
  for (const auto& [user, database, sqlstate] :
       {std::tuple{"postgres", "nowhere", "3D000"}, std::tuple{"nobody", "postgres", "28P01"}}) {
    wire_client client{pgweir.tcp()};
    client.send(frontend::startup({{"user", user}, {"database", database}}));
    EXPECT_EQ(client.read_until('E').back().sqlstate(), sqlstate) << user << ' ' << database;
    EXPECT_TRUE(client.at_end());
  }
}

}  // namespace
}  // namespace pgweir::test
