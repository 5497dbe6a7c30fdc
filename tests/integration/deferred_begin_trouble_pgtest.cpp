// Transactions of which no server knows yet: what they cost, how they end, and what happens when their first
// statement cannot be had.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace pgweir::test {
namespace {

using namespace frontend;
using texts = std::vector<std::string>;

std::string extended(const std::string& text) {
  return parse("", text) + frontend::bind("", "") + describe_portal("") + execute() + sync();
}

std::string state_of(const std::vector<backend_message>& answer) { return answer.back().body; }

// One server connection.
class begun : public testing::Test {
 protected:
  void start(const std::string& pool = {}) { start_in_front_of(shared_server(), pool); }
  void start_in_front_of(const std::string& server, const std::string& pool = {}) {
    pgweir_.emplace(
        pgweir_options{.top = "workers = 1", .rest = pgweir_process::trusting(server, "size = 1\n" + pool)});
    client_.emplace(wire_client::postgres(pgweir_->tcp()));
  }
  // Somebody else has it from here on.
  void hold() {
    holder_.emplace(wire_client::postgres(pgweir_->tcp()));
    holder_->ask_sql("BEGIN; SELECT 1");
  }
  void let_go() { holder_->ask_sql("COMMIT"); }
  double begins(const std::string& outcome) const {
    return pgweir_->metric("pgweir_deferred_begins_total", "outcome=\"" + outcome + "\"");
  }
  double clients(const std::string& state) const {
    return pgweir_->metric("pgweir_client_connections", "state=\"" + state + "\"");
  }
  double servers(const std::string& state) const {
    return pgweir_->metric("pgweir_server_connections", "state=\"" + state + "\"");
  }
  // Its server has none; only its end is accepted.
  void expect_failed_until(const std::string& end) {
    for (const auto& unit : {query("SELECT 1"), extended("SELECT 1"), query("BEGIN")}) {
      const auto answer = client_->ask(unit);
      EXPECT_EQ(sqlstate_of(answer), "25P02");
      EXPECT_EQ(state_of(answer), "E");
    }
    const auto ended = client_->ask_sql(end);
    EXPECT_EQ(ended.front().body, std::string("ROLLBACK") + '\0');
    EXPECT_EQ(state_of(ended), "I");
  }

  std::optional<pgweir_process> pgweir_;
  std::optional<wire_client> client_;
  std::optional<wire_client> holder_;
};

TEST_F(begun, an_empty_transaction_takes_no_server_connection) {
  start();
  hold();
  for (const auto& [begin, end] : {std::pair{query("BEGIN"), query("COMMIT")},
                                   std::pair{extended("BEGIN READ ONLY"), extended("ROLLBACK")}}) {
    EXPECT_EQ(state_of(client_->ask(begin)), "T");
    EXPECT_EQ(clients("idle_in_transaction"), 2);
    EXPECT_EQ(servers("idle_in_transaction"), 1);
    EXPECT_EQ(state_of(client_->ask(end)), "I");
    EXPECT_EQ(clients("idle_in_transaction"), 1);
  }
  EXPECT_EQ(begins("empty"), 2);
  EXPECT_EQ(begins("sent"), 0);
  let_go();
  EXPECT_EQ(client_->value("SELECT 'served'"), "served");
}

TEST_F(begun, waits_for_a_server_connection_at_its_first_statement) {
  start();
  hold();
  client_->ask_sql("BEGIN");
  client_->send(query("SELECT 'served'"));
  ASSERT_TRUE(eventually([&] { return clients("waiting") == 1; }));
  let_go();
  EXPECT_EQ(first_columns(client_->read_until_ready()), texts{"served"});
  EXPECT_EQ(begins("sent"), 1);
  EXPECT_EQ(state_of(client_->ask_sql("COMMIT")), "I");
}

TEST_F(begun, fails_when_its_first_statement_waits_too_long) {
  for (const auto& [unit, end] :
       {std::pair{query("SELECT 1"), "COMMIT"}, std::pair{extended("SELECT 1"), "ROLLBACK"}}) {
    start("query_wait_timeout = \"100ms\"");
    hold();
    client_->ask_sql("BEGIN");
    const auto answer = client_->ask(unit);
    EXPECT_EQ(sqlstate_of(answer), "57014");
    EXPECT_EQ(state_of(answer), "E");
    let_go();
    expect_failed_until(end);
    EXPECT_EQ(begins("refused"), 1);
    EXPECT_EQ(client_->value("SELECT 'served'"), "served");
  }
}

TEST_F(begun, once_failed_ends_also_with_more_behind_its_end) {
  start("query_wait_timeout = \"100ms\"");
  for (const auto& unit :
       {query("ROLLBACK; SELECT 'served'"),
        parse("", "ROLLBACK") + frontend::bind("", "") + execute() + extended("SELECT 'served'")}) {
    hold();
    client_->ask_sql("BEGIN");
    EXPECT_EQ(sqlstate_of(client_->ask_sql("SELECT 1")), "57014");
    let_go();
    const auto answer = client_->ask(unit);
    EXPECT_EQ(first_columns(answer), texts{"served"});
    EXPECT_EQ(types_of(answer).find('N'), std::string::npos) << "there was a transaction to end";
    EXPECT_EQ(sqlstate_of(answer), "");
    EXPECT_EQ(state_of(answer), "I");
  }
}

TEST_F(begun, once_failed_takes_the_statement_that_ends_it_before_its_execution) {
  start("query_wait_timeout = \"100ms\"");
  for (const auto& [first, said] :
       {std::pair{parse("", "ROLLBACK") + sync(), "1Z"},
        std::pair{parse("", "ROLLBACK") + describe_statement("") + sync(), "1tnZ"},
        std::pair{query(""), "IZ"}}) {
    hold();
    client_->ask_sql("BEGIN");
    EXPECT_EQ(sqlstate_of(client_->ask_sql("SELECT 1")), "57014");
    EXPECT_EQ(sqlstate_of(client_->ask(first)), "57014") << "there is no server connection still";
    let_go();
    const auto answer = client_->ask(first);
    EXPECT_EQ(types_of(answer), said);
    EXPECT_EQ(state_of(answer), "E");
    EXPECT_EQ(sqlstate_of(client_->ask_sql("SELECT 1")), "25P02");
    EXPECT_EQ(state_of(client_->ask_sql("ROLLBACK")), "I");
  }
}

TEST_F(begun, fails_when_its_first_statement_would_keep_one_server_connection_too_many) {
  for (const auto& unit : {query("LISTEN news"), extended("LISTEN news")}) {
    start("shared_listen = false\nmax_pinned = 1\nmax_pinned_policy = \"error\"");
    auto pinned = wire_client::postgres(pgweir_->tcp());
    pinned.ask_sql("LISTEN news");
    client_->ask_sql("BEGIN");
    const auto answer = client_->ask(unit);
    EXPECT_EQ(sqlstate_of(answer), "53300");
    EXPECT_EQ(state_of(answer), "E");
    expect_failed_until("ROLLBACK");
  }
}

TEST_F(begun, a_cancel_does_nothing_before_its_first_statement_and_fails_it_while_that_waits) {
  start();
  client_->ask_sql("BEGIN");
  client_->cancel();
  EXPECT_EQ(client_->value("SELECT 'not cancelled'"), "not cancelled");
  client_->ask_sql("COMMIT");
  hold();
  client_->ask_sql("BEGIN");
  client_->send(query("SELECT 1"));
  ASSERT_TRUE(eventually([&] { return clients("waiting") == 1; }));
  client_->cancel();
  const auto answer = client_->read_until_ready();
  EXPECT_EQ(sqlstate_of(answer), "57014");
  EXPECT_EQ(state_of(answer), "E");
  expect_failed_until("ROLLBACK");
}

TEST_F(begun, a_client_that_leaves_leaves_nothing) {
  start();
  for (const bool politely : {true, false}) {
    auto leaving = wire_client::postgres(pgweir_->tcp());
    leaving.ask_sql("BEGIN");
    EXPECT_EQ(clients("idle_in_transaction"), 1);
    politely ? leaving.goodbye() : leaving.abandon();
    EXPECT_TRUE(eventually([&] { return clients("idle_in_transaction") == 0; }));
  }
  EXPECT_EQ(begins("empty"), 2);
}

TEST_F(begun, outlives_a_restart_of_its_server) {
  postgres own;
  start_in_front_of(own.server() + " password=postgres");
  EXPECT_EQ(client_->value("SELECT 1"), "1");
  client_->ask_sql("BEGIN ISOLATION LEVEL REPEATABLE READ");
  own.restart();
  EXPECT_EQ(client_->value("SHOW transaction_isolation"), "repeatable read");
  EXPECT_EQ(state_of(client_->ask_sql("COMMIT")), "I");
}

TEST_F(begun, is_parsed_afresh_where_a_function_may_have_dropped_its_statement) {
  start();
  for (int turn = 0; turn < 2; ++turn) {
    client_->ask_sql("BEGIN");
    EXPECT_EQ(client_->value("SELECT 'begun'"), "begun");
    client_->ask_sql("COMMIT");
    ASSERT_EQ(sqlstate_of(client_->ask_sql("DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$")), "");
  }
}

// A trigger, which nobody sees, has dropped the statement by which pgweir begins transactions.
TEST_F(begun, goes_again_where_a_trigger_has_dropped_its_statement) {
  postgres::shared().exec(
      "DROP TABLE IF EXISTS kept, dropping; CREATE TABLE kept (id int); CREATE TABLE dropping (id int);"
      "CREATE OR REPLACE FUNCTION drop_all() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN NULL; END$$;"
      "CREATE TRIGGER t AFTER INSERT ON dropping EXECUTE FUNCTION drop_all()");
  start();
  client_->ask(parse("p", "INSERT INTO kept VALUES (1)") + sync());
  for (const auto& unit :
       {query("INSERT INTO kept VALUES (1)"), extended("INSERT INTO kept VALUES (1)"),
        parse("", "INSERT INTO kept VALUES (1)") + flush() + frontend::bind("", "") + execute() + sync(),
        frontend::bind("", "p") + execute() + sync()}) {
    client_->ask_sql("BEGIN");
    client_->ask_sql("SELECT 1");
    client_->ask_sql("COMMIT");
    ASSERT_EQ(sqlstate_of(client_->ask_sql("INSERT INTO dropping VALUES (1)")), "");
    client_->ask_sql("BEGIN");
    const auto answer = client_->ask(unit);
    EXPECT_EQ(sqlstate_of(answer), "");
    EXPECT_EQ(state_of(answer), "T");
    EXPECT_EQ(client_->value("SELECT count(*) FROM kept"), "1");
    EXPECT_EQ(state_of(client_->ask_sql("ROLLBACK")), "I");
  }
}

TEST_F(begun, takes_its_isolation_level_behind_the_description_of_a_statement) {
  start();
  client_->ask(parse("p", "SELECT 1") + sync());
  ASSERT_EQ(sqlstate_of(client_->ask_sql("DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$")), "");
  auto other = wire_client::postgres(pgweir_->tcp());
  other.ask(parse("p", "SELECT 2") + sync());
  other.ask_sql("DISCARD ALL");
  client_->ask_sql("BEGIN");
  EXPECT_EQ(types_of(client_->ask(describe_statement("p") + sync())), "tTZ");
  EXPECT_EQ(sqlstate_of(client_->ask_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")), "");
  EXPECT_EQ(client_->value("SHOW transaction_isolation"), "serializable");
}

TEST_F(begun, is_the_servers_at_once_where_it_is_to_be_direct_or_timed_by_the_server) {
  start("begin = \"direct\"");
  client_->ask_sql("BEGIN");
  EXPECT_EQ(servers("idle_in_transaction"), 1);
  start();
  client_->ask_sql("SET idle_in_transaction_session_timeout = '1h'");
  client_->ask_sql("BEGIN");
  EXPECT_EQ(servers("idle_in_transaction"), 1);
  client_->ask_sql("COMMIT");
  client_->ask_sql("RESET idle_in_transaction_session_timeout");
  client_->ask_sql("BEGIN");
  EXPECT_EQ(servers("idle_in_transaction"), 0);
  client_->ask_sql("COMMIT");
  auto timed =
      wire_client::log_in(pgweir_->tcp(), {{"user", "postgres"},
                                           {"database", "postgres"},
                                           {"options", "-c idle-in-transaction-session-timeout=1h"}});
  timed.ask_sql("BEGIN");
  EXPECT_EQ(servers("idle_in_transaction"), 1);
}

}  // namespace
}  // namespace pgweir::test
