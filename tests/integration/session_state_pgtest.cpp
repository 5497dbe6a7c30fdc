// Transaction pooling that an application does not notice: what a session has set or made is there on its
// next query, whichever server connection that meets, and nobody else sees it.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace pgweir::test {
namespace {

struct kept_setting {
  const char* what;
  const char* change;
  const char* ask;
  const char* expected;
};

// Two server connections and two clients that take turns, so that each meets both.
class session_state : public testing::TestWithParam<const char*> {
 protected:
  session_state()
      : pgweir_(proxied(std::string("size = 2\nshared_listen = false\nmultiplex = \"") + GetParam() + "\"",
                        "workers = 1")),
        one_(wire_client::postgres(pgweir_.tcp())),
        other_(wire_client::postgres(pgweir_.tcp())) {}

  // Somebody holds the server connection that would be taken next.
  std::string value_elsewhere(wire_client& who, const char* sql) {
    auto holder = wire_client::postgres(pgweir_.tcp());
    holder.ask_sql("BEGIN; SELECT 1");
    auto got = who.value(sql);
    holder.ask_sql("COMMIT");
    return got;
  }

  pgweir_process pgweir_;
  wire_client one_;
  wire_client other_;
};

INSTANTIATE_TEST_SUITE_P(multiplex, session_state, testing::Values("off", "auto"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(session_state, settings_follow_their_session_and_reach_nobody_else) {
  const kept_setting table[] = {
      {"SET", "SET work_mem = '77kB'", "SHOW work_mem", "77kB"},
      {"SET with a list", "SET search_path = pg_temp, \"a b\", public", "SHOW search_path",
       "pg_temp, \"a b\", public"},
      {"in a transaction", "BEGIN; SET statement_timeout = 77000; COMMIT", "SHOW statement_timeout", "77s"},
      {"set_config", "SELECT set_config('lock_timeout', '77s', false)", "SHOW lock_timeout", "77s"},
      {"DO", "DO $$BEGIN PERFORM set_config('idle_session_timeout', '77s', false); END$$",
       "SHOW idle_session_timeout", "77s"},
      {"a name of its own", "SET myapp.tenant = 'it''s \\ me'",
       "SELECT current_setting('myapp.tenant', true)", "it's \\ me"},
      {"role", "SET ROLE pg_monitor", "SELECT current_user", "pg_monitor"},
      {"session authorization", "RESET ROLE; SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user",
       "pg_monitor"},
  };
  for (const auto& one : table) {
    const auto before = other_.value(one.ask);
    ASSERT_EQ(sqlstate_of(one_.ask_sql(one.change)), "") << one.what;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(one_.value(one.ask), one.expected) << one.what;
      EXPECT_EQ(other_.value(one.ask), before) << one.what;
      EXPECT_EQ(value_elsewhere(one_, one.ask), one.expected) << one.what;
      EXPECT_EQ(value_elsewhere(other_, one.ask), before) << one.what;
    }
  }
}

TEST_P(session_state, what_was_rolled_back_was_never_set) {
  const auto before = one_.value("SHOW work_mem");
  one_.ask_sql("BEGIN");
  one_.ask_sql("SET work_mem = '77kB'");
  one_.ask_sql("SAVEPOINT s");
  one_.ask_sql("SET work_mem = '78kB'");
  one_.ask_sql("ROLLBACK TO s");
  EXPECT_EQ(one_.value("SHOW work_mem"), "77kB");
  one_.ask_sql("ROLLBACK");
  EXPECT_EQ(value_elsewhere(one_, "SHOW work_mem"), before);
}

TEST_P(session_state, a_reset_returns_to_what_the_session_began_with) {
  const auto before = one_.value("SHOW work_mem");
  for (const auto* reset : {"RESET work_mem", "RESET ALL", "SET work_mem TO DEFAULT", "DISCARD ALL"}) {
    one_.ask_sql("SET work_mem = '77kB'");
    EXPECT_EQ(value_elsewhere(one_, "SHOW work_mem"), "77kB");
    one_.ask_sql(reset);
    EXPECT_EQ(one_.value("SHOW work_mem"), before) << reset;
    EXPECT_EQ(value_elsewhere(one_, "SHOW work_mem"), before) << reset;
  }
}

TEST_P(session_state, what_lives_on_one_connection_keeps_the_session_there_until_it_is_gone) {
  struct bound {
    const char* reason;
    const char* make;
    const char* ask;
    const char* expected;
    const char* drop;
  };
  const bound table[] = {
      {"temporary_object", "CREATE TEMP TABLE mine AS SELECT 7 AS a", "SELECT a FROM mine", "7",
       "DROP TABLE mine"},
      {"advisory_lock", "SELECT pg_advisory_lock(7)",
       "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", "1",
       "SELECT pg_advisory_unlock(7)"},
      {"held_cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT 7 UNION ALL SELECT 8",
       "SELECT count(*) FROM pg_cursors", "1", "CLOSE c"},
      {"sql_prepare", "PREPARE mine AS SELECT 7", "EXECUTE mine", "7", "DEALLOCATE mine"},
      {"listen", "LISTEN mine", "SELECT pg_listening_channels()", "mine", "UNLISTEN mine"},
  };
  const auto pinned = [&](const char* reason) {
    return pgweir_.metric("pgweir_pinned_servers", std::string("reason=\"") + reason + "\"");
  };
  for (const auto& one : table) {
    ASSERT_EQ(sqlstate_of(one_.ask_sql(one.make)), "") << one.reason;
    EXPECT_EQ(value_elsewhere(one_, one.ask), one.expected) << one.reason;
    EXPECT_EQ(pinned(one.reason), 1) << one.reason;
    // With the other server connection in use, too, somebody waits for this one.
    auto holder = wire_client::postgres(pgweir_.tcp());
    holder.ask_sql("BEGIN; SELECT 1");
    other_.send(frontend::query("SELECT 'served'"));
    ASSERT_EQ(sqlstate_of(one_.ask_sql(one.drop)), "") << one.reason;
    EXPECT_EQ(first_columns(other_.read_until_ready()), std::vector<std::string>{"served"}) << one.reason;
    EXPECT_TRUE(eventually([&] { return pinned(one.reason) == 0; })) << one.reason;
    holder.ask_sql("COMMIT");
  }
}

TEST_P(session_state, a_library_that_one_has_loaded_reaches_nobody_else) {
  {
    auto loads = wire_client::postgres(pgweir_.tcp());
    ASSERT_EQ(sqlstate_of(loads.ask_sql("BEGIN; LOAD 'auto_explain'; COMMIT")), "");
    EXPECT_EQ(value_elsewhere(loads, "SHOW auto_explain.log_min_duration"), "-1");
    EXPECT_EQ(pgweir_.metric("pgweir_pinned_servers", "reason=\"load\""), 1);
    loads.goodbye();
  }
  EXPECT_TRUE(eventually([&] { return pgweir_.metric("pgweir_pinned_servers", "reason=\"load\"") == 0; }));
  for (auto* one : {&one_, &other_}) {
    EXPECT_EQ(sqlstate_of(one->ask_sql("SHOW auto_explain.log_min_duration")), "42704");
    value_elsewhere(*one, "SELECT 1");
  }
}

TEST_P(session_state, random_numbers_follow_their_seed_and_nobody_else_gets_them) {
  auto direct = wire_client::log_in({"127.0.0.1", postgres::shared().port()},
                                    {{"user", "postgres"}, {"database", "postgres"}}, "postgres");
  direct.ask_sql("SELECT setseed(0.5)");
  const auto first = direct.value("SELECT random()"), second = direct.value("SELECT random()");
  const auto extended = frontend::parse("", "SELECT setseed($1)") + frontend::bind("", "", {"0.5"}) +
                        frontend::execute() + frontend::sync();
  for (const auto& unit : {frontend::query("SELECT setseed(0.5)"), extended}) {
    auto seeds = wire_client::postgres(pgweir_.tcp());
    ASSERT_EQ(sqlstate_of(seeds.ask(unit)), "");
    EXPECT_EQ(value_elsewhere(seeds, "SELECT random()"), first);
    EXPECT_EQ(pgweir_.metric("pgweir_pinned_servers", "reason=\"random_seed\""), 1);
    EXPECT_NE(other_.value("SELECT random()"), second);
    const auto pid = seeds.value("SELECT pg_backend_pid()");
    seeds.goodbye();
    EXPECT_TRUE(eventually([&] {
      return postgres::shared().value("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) == "0";
    })) << "the seed goes with its connection";
  }
}

TEST_P(session_state, what_a_client_leaves_behind_is_undone_as_soon_as_it_has_gone) {
  {
    auto gone = wire_client::postgres(pgweir_.tcp());
    gone.ask_sql("SELECT pg_advisory_lock(7); CREATE TEMP TABLE mine (a int); SET work_mem = '77kB'");
    gone.goodbye();
  }
  EXPECT_TRUE(eventually(
      [&] { return other_.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0"; }));
  EXPECT_NE(other_.value("SHOW work_mem"), "77kB");
  EXPECT_EQ(sqlstate_of(other_.ask_sql("SELECT FROM mine")), "42P01");
}

std::string epoch_of(wire_client& who, const std::string& name, const std::string& sql) {
  const auto answer = who.ask((sql.empty() ? std::string{} : frontend::parse(name, sql)) +
                              frontend::bind("", name) + frontend::execute() + frontend::sync());
  return first_columns(answer).at(0);
}

// PostgreSQL makes a constant of the literal when it parses the statement.
TEST_P(session_state, gives_a_shared_statement_the_meaning_that_it_has_for_each_session) {
  const std::string sql = "SELECT extract(epoch FROM '2026-01-01 00:00'::timestamptz)::bigint::text";
  ASSERT_EQ(sqlstate_of(one_.ask_sql("SET TimeZone = 'Asia/Tokyo'")), "");
  ASSERT_EQ(sqlstate_of(other_.ask_sql("SET TimeZone = 'UTC'")), "");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(epoch_of(one_, "", sql), "1767193200");
    EXPECT_EQ(epoch_of(other_, "", sql), "1767225600");
  }
  EXPECT_EQ(epoch_of(one_, "s", sql), "1767193200");
  EXPECT_EQ(epoch_of(other_, "s", sql), "1767225600");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(epoch_of(one_, "s", {}), "1767193200");
    EXPECT_EQ(epoch_of(other_, "s", {}), "1767225600");
  }
}

TEST_P(session_state, hidden_in_a_function_reaches_nobody_else) {
  postgres::shared().exec(
      "CREATE OR REPLACE FUNCTION hides(text, text) RETURNS text LANGUAGE sql "
      "AS $$ SELECT set_config($1, $2, false) $$");
  const auto* seen = "SELECT coalesce(nullif(current_setting('my.secret', true), ''), 'nothing')";
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(sqlstate_of(one_.ask_sql("SELECT hides('my.' || 'secret', 'known')")), "");
    EXPECT_EQ(other_.value(seen), "nothing");
    EXPECT_EQ(value_elsewhere(other_, seen), "nothing");
  }
}

TEST_P(session_state, stays_with_its_session_although_the_server_cannot_be_asked) {
  one_.ask_sql("SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 3000) i");
  one_.ask_sql("CREATE TEMP TABLE mine AS SELECT 7 AS a");
  one_.ask_sql("SET statement_timeout = '1ms'");
  EXPECT_EQ(other_.value("SELECT 1"), "1") << "on the other server connection";
  one_.ask_sql("SET statement_timeout = 0");
  EXPECT_EQ(one_.value("SELECT a FROM mine"), "7");
}

TEST_P(session_state, in_another_encoding_does_not_change_what_others_have_set) {
  ASSERT_EQ(sqlstate_of(one_.ask_sql("SET client_encoding = 'LATIN1'")), "");
  ASSERT_EQ(sqlstate_of(other_.ask_sql("SET my.word = 'caf\xC3\xA9'")), "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(one_.value("SHOW client_encoding"), "LATIN1");
    EXPECT_EQ(other_.value("SELECT current_setting('my.word')"), "caf\xC3\xA9");
    EXPECT_EQ(value_elsewhere(other_, "SELECT current_setting('my.word')"), "caf\xC3\xA9");
  }
}

TEST_P(session_state, knows_the_role_that_its_login_begins_with_from_none) {
  postgres::shared().exec(
      "DROP ROLE IF EXISTS begins; DROP ROLE IF EXISTS first; CREATE ROLE first; "
      "CREATE ROLE begins LOGIN SUPERUSER PASSWORD 'postgres'; GRANT first TO begins; ALTER ROLE begins SET "
      "role = 'first'");
  auto mine = wire_client::log_in(pgweir_.tcp(), {{"user", "begins"}, {"database", "postgres"}});
  auto theirs = wire_client::log_in(pgweir_.tcp(), {{"user", "begins"}, {"database", "postgres"}});
  EXPECT_EQ(mine.value("SELECT current_user"), "first");
  for (const auto& [set, role] : {std::pair{"SET work_mem = '77kB'", "first"},
                                  std::pair{"SET ROLE none", "begins"}, std::pair{"RESET ROLE", "first"}}) {
    mine.ask_sql(set);
    theirs.ask_sql("BEGIN; SELECT 1");
    EXPECT_EQ(mine.value("SELECT current_user"), role) << set;
    theirs.ask_sql("COMMIT");
    EXPECT_EQ(mine.value("SELECT current_user"), role) << set;
    EXPECT_EQ(theirs.value("SELECT current_user"), "first") << set;
  }
}

TEST_P(session_state, that_the_server_refuses_elsewhere_ends_its_session_with_the_reason) {
  postgres::shared().exec("DROP ROLE IF EXISTS gone; CREATE ROLE gone");
  one_.ask_sql("SET ROLE gone");
  const auto at_work = [&] { return pgweir_.metric("pgweir_server_connections", "state=\"active\""); };
  ASSERT_TRUE(eventually([&] { return at_work() == 0; })) << "it has been asked what is left, too";
  EXPECT_EQ(other_.value("SELECT current_user"), "postgres") << "on the same server connection";
  postgres::shared().exec("DROP ROLE gone");
  const auto answer = one_.ask_sql("SELECT 1");
  EXPECT_EQ(sqlstate_of(answer), "08004");
  EXPECT_NE(answer.back().field('D').find("gone"), std::string::npos);
}

TEST(session_state_that_keeps_a_connection, is_given_up_with_its_idle_session) {
  pgweir_process pgweir{
      proxied("size = 2\nshared_listen = false\npin_idle_timeout = \"100ms\"", "workers = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("LISTEN mine");
  EXPECT_EQ(client.read_until('E').back().sqlstate(), "57P05");
  EXPECT_TRUE(client.at_end());
  auto other = wire_client::postgres(pgweir.tcp());
  other.ask_sql("SET work_mem = '77kB'");
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  EXPECT_EQ(other.value("SHOW work_mem"), "77kB") << "settings keep no connection";
}

// Reads of sessions that set the same share server connections; others never see that.
TEST(session_state_on_lanes, is_that_of_the_session_whose_query_it_is) {
  pgweir_process pgweir{proxied("size = 2\nmultiplex = \"auto\"", "workers = 1")};
  std::vector<wire_client> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    if (i % 3 > 0) clients.back().ask_sql("SET myapp.tenant = '" + std::to_string(i % 3) + "'");
  }
  const auto ask = frontend::query("SELECT coalesce(nullif(current_setting('myapp.tenant', true), ''), '0')");
  for (int round = 0; round < 200; ++round) {
    for (auto& one : clients) one.send(ask);
    for (std::size_t i = 0; i < clients.size(); ++i)
      ASSERT_EQ(first_columns(clients[i].read_until_ready()),
                std::vector<std::string>{std::to_string(i % 3)});
  }
  EXPECT_GT(pgweir.metric("pgweir_units_total", "way=\"lane\""), 500);
  EXPECT_GT(pgweir.metric("pgweir_profile_switches_total"), 0);
}

}  // namespace
}  // namespace pgweir::test
