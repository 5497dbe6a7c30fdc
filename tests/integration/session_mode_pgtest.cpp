// In session mode, and on replication connections, a client is told its server's own process id, and cancel
// requests that name it find the client.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

constexpr const char* cancelled = "57014";
const std::string session_pool = "mode = \"session\"\nsize = 8";

std::string server_pid(wire_client& of) { return of.value("SELECT pg_backend_pid()"); }

std::string running(const std::string& text) {
  return postgres::shared().value(
      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%" + text +
      "%' AND pid <> pg_backend_pid()");
}

TEST(session_mode, tells_every_client_the_process_id_of_its_server) {
  pgweir_process pgweir{proxied(session_pool, "workers = 2")};
  std::vector<wire_client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    EXPECT_EQ(server_pid(clients.back()), std::to_string(clients.back().process_id())) << i;
  }
}

TEST(session_mode, replication_connections_are_told_it_in_transaction_mode_too) {
  pgweir_process pgweir{proxied("size = 2", "workers = 2")};
  auto client = wire_client::log_in(
      pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"replication", "database"}});
  EXPECT_EQ(server_pid(client), std::to_string(client.process_id()));
  client.send(frontend::query("SELECT pg_sleep(600) /* walsender */"));
  ASSERT_TRUE(eventually([] { return running("walsender */") == "1"; }));
  client.cancel();
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), cancelled);
}

TEST(session_mode, transaction_mode_tells_a_process_id_of_pgweir) {
  pgweir_process pgweir{proxied("size = 1")};
  auto one = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(server_pid(one), server_pid(other));
  EXPECT_NE(one.process_id(), other.process_id());
  EXPECT_NE(server_pid(one), std::to_string(one.process_id()));
  EXPECT_NE(server_pid(other), std::to_string(other.process_id()));
}

// The kernel gives a cancel request to any worker.
TEST(session_mode, cancel_finds_the_query_on_whatever_worker) {
  pgweir_process pgweir{proxied(session_pool, "workers = 3")};
  std::vector<wire_client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    clients.back().send(frontend::query("SELECT pg_sleep(600) /* three workers */"));
  }
  ASSERT_TRUE(eventually([] { return running("three workers */") == "8"; }));
  for (auto left = clients.size(); left > 0; --left) {
    auto& client = clients[left - 1];
    client.cancel();
    EXPECT_EQ(sqlstate_of(client.read_until_ready()), cancelled);
    EXPECT_EQ(running("three workers */"), std::to_string(left - 1));
  }
  EXPECT_EQ(pgweir.metric("pgweir_cancels_total", "unknown_key"), 0);
}

TEST(session_mode, cancel_with_a_wrong_secret_has_no_effect) {
  pgweir_process pgweir{proxied(session_pool, "workers = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto other = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("SELECT 'kept' FROM pg_sleep(0.3) /* wrong secret */"));
  ASSERT_TRUE(eventually([] { return running("wrong secret */") == "1"; }));
  auto key = client.key();
  key[0] = static_cast<char>(key[0] ^ 1);
  send_cancel(pgweir.tcp(), client.process_id(), key);
  send_cancel(pgweir.tcp(), client.process_id(), other.key());
  send_cancel(pgweir.tcp(), other.process_id(), client.key());
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"kept"});
  EXPECT_EQ(pgweir.metric("pgweir_cancels_total", "unknown_key"), 3);
}

TEST(session_mode, the_key_of_a_client_that_has_gone_does_not_reach_the_next_one_on_its_server) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1", "workers = 2")};
  auto gone = wire_client::postgres(pgweir.tcp());
  const auto key = gone.key();
  gone.goodbye();
  auto next = wire_client::postgres(pgweir.tcp());
  ASSERT_EQ(next.process_id(), gone.process_id());
  next.send(frontend::query("SELECT 'kept' FROM pg_sleep(0.3) /* next client */"));
  ASSERT_TRUE(eventually([] { return running("next client */") == "1"; }));
  send_cancel(pgweir.tcp(), gone.process_id(), key);
  EXPECT_EQ(first_columns(next.read_until_ready()), std::vector<std::string>{"kept"});
}

TEST(session_mode, what_the_server_says_of_a_process_id_is_what_the_client_knows) {
  pgweir_process pgweir{proxied(session_pool)};
  auto client = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  client.ask_sql("LISTEN news");
  const auto answer = client.ask_sql("NOTIFY news");
  const auto news = types_of(answer).find('A');
  ASSERT_NE(news, std::string::npos) << types_of(answer);
  const auto* bytes = reinterpret_cast<const unsigned char*>(answer[news].body.data());
  EXPECT_EQ(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3],
            static_cast<int>(client.process_id()));
  EXPECT_EQ(other.value("SELECT pg_terminate_backend(" + std::to_string(client.process_id()) + ")"), "t");
  EXPECT_EQ(client.read_until('E').back().sqlstate(), "57P01");
  EXPECT_TRUE(client.at_end());
}

TEST(session_mode, the_name_of_the_application_is_reset_to_what_it_logged_in_with) {
  pgweir_process pgweir{proxied(session_pool, "workers = 1")};
  auto client = wire_client::log_in(
      pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"application_name", "mine"}});
  for (const auto* text : {"RESET application_name", "RESET ALL", "SET application_name TO DEFAULT",
                           "BEGIN; RESET application_name; COMMIT", "DISCARD ALL"}) {
    client.ask_sql("SET application_name TO 'other'");
    EXPECT_EQ(client.value("SHOW application_name"), "other");
    client.ask_sql(text);
    EXPECT_EQ(client.value("SHOW application_name"), "mine") << text;
  }
  client.ask_sql("SET application_name TO ''");
  EXPECT_EQ(client.value("SHOW application_name"), "") << "it has set that itself";
  client.goodbye();
}

TEST(session_mode, a_login_waits_for_a_server_and_gives_up_at_query_wait_timeout) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1\nquery_wait_timeout = \"300ms\"")};
  auto holder = wire_client::postgres(pgweir.tcp());
  wire_client late{pgweir.tcp()};
  late.send(frontend::startup({{"user", "postgres"}, {"database", "postgres"}}));
  EXPECT_EQ(late.read_until('E').back().sqlstate(), cancelled);
  EXPECT_TRUE(late.at_end());
  EXPECT_EQ(pgweir.metric("pgweir_client_wait_seconds_count", "outcome=\"timeout\""), 1);
  wire_client next{pgweir.tcp()};
  next.send(frontend::startup({{"user", "postgres"}, {"database", "postgres"}}));
  EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections", "state=\"login\"") == 1; }));
  holder.goodbye();
  EXPECT_EQ(types_of(next.read_until_ready()).back(), 'Z');
  EXPECT_EQ(next.value("SELECT 'served'"), "served");
}

// The server still sets the application's name when this query comes.
TEST(session_mode, a_query_that_comes_with_the_login_is_not_taken_for_an_idle_client) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1\nclient_idle_timeout = \"200ms\"")};
  wire_client client{pgweir.tcp()};
  client.send(
      frontend::startup({{"user", "postgres"}, {"database", "postgres"}, {"application_name", "quick"}}) +
      frontend::query("SELECT 'done' FROM pg_sleep(0.6)"));
  client.read_until_ready();
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"done"});
  EXPECT_EQ(client.read().sqlstate(), "57P05");
}

}  // namespace
}  // namespace pgweir::test
