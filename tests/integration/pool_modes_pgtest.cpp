// Pool modes, timeouts and limits, as clients meet them.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

// The error with which the login of one more client ends.
backend_message refused_login(const pgweir_process& pgweir, const parameters& who) {
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup(who));
  return client.read_until('E').back();
}

const parameters superuser{{"user", "postgres"}, {"database", "postgres"}};

TEST(pool_modes, session_mode_keeps_what_was_set_and_leaves_a_clean_backend) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1")};
  auto first = wire_client::postgres(pgweir.tcp());
  const auto pid = first.value("SELECT pg_backend_pid()");
  first.ask_sql("SET work_mem = '123kB'; CREATE TEMP TABLE kept (a int); PREPARE p AS SELECT 1");
  EXPECT_EQ(first.value("SHOW work_mem"), "123kB");
  EXPECT_EQ(first.value("SELECT count(*) FROM kept"), "0");
  first.goodbye();
  auto second = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(second.value("SELECT pg_backend_pid()"), pid);
  EXPECT_NE(second.value("SHOW work_mem"), "123kB");
  EXPECT_EQ(sqlstate_of(second.ask_sql("SELECT FROM kept")), "42P01");
  EXPECT_EQ(second.value("SELECT count(*) FROM pg_prepared_statements"), "0");
}

TEST(pool_modes, statement_mode_refuses_transactions) {
  pgweir_process pgweir{proxied("mode = \"statement\"\nsize = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(client.value("SELECT 1"), "1");
  client.send(frontend::query("BEGIN"));
  EXPECT_EQ(client.read_until('E').back().sqlstate(), "0A000");
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT txid_current_if_assigned() IS NULL"), "t");
}

TEST(pool_modes, what_one_client_sets_does_not_reach_another) {
  pgweir_process pgweir{proxied("size = 1")};
  auto one = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  const auto before = other.value("SHOW work_mem");
  for (const auto* sql : {"SET work_mem = '77kB'", "BEGIN; SET work_mem = '78kB'; COMMIT",
                          "SELECT set_config('work_mem', '79kB', false)"}) {
    EXPECT_EQ(sqlstate_of(one.ask_sql(sql)), "");
    EXPECT_EQ(other.value("SHOW work_mem"), before) << sql;
  }
}

// The answer to the reset comes when the next client's unit is on its way already.
TEST(pool_modes, what_is_set_right_behind_a_reset_does_not_reach_another_either) {
  pgweir_process pgweir{proxied("size = 1")};
  auto one = wire_client::postgres(pgweir.tcp());
  auto two = wire_client::postgres(pgweir.tcp());
  auto three = wire_client::postgres(pgweir.tcp());
  const auto before = three.value("SHOW work_mem");
  for (int i = 0; i < 3; ++i) {
    one.ask_sql("SELECT set_config('work_mem', '77kB', false)");
    two.ask_sql("SELECT set_config('work_mem', '78kB', false), pg_advisory_lock(42), pg_advisory_unlock(42)");
    EXPECT_EQ(three.value("SHOW work_mem"), before);
    EXPECT_EQ(three.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  }
}

TEST(pool_modes, what_a_text_hides_behind_its_first_words_does_not_reach_another_either) {
  pgweir_process pgweir{proxied("size = 1")};
  auto another = wire_client::postgres(pgweir.tcp());
  const std::string all =
      "SELECT current_setting('work_mem') || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') || "
      "(SELECT count(*) FROM pg_class WHERE relpersistence = 't')";
  const auto before = another.value(all);
  for (const std::string text :
       {"SELECT 1; DO $$ BEGIN SET work_mem = '78MB'; END $$", ";DO $$ BEGIN SET work_mem = '79MB'; END $$",
        "BEGIN; CREATE TEMP TABLE left1 AS SELECT 1; COMMIT", "SELECT 1 AS a INTO TEMP left2",
        "EXPLAIN ANALYZE CREATE TEMP TABLE left3 AS SELECT 1", "SELECT (7::bigint).pg_advisory_lock",
        "UPDATE pg_settings SET setting = 81000 WHERE name = 'work_mem'",
        "SELECT U&\"set\\005fconfig\"('work_mem', '86MB', false)"}) {
    // What it leaves may keep it on the only server connection, until it goes.
    auto one = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(sqlstate_of(one.ask_sql(text)), "") << text;
    one.goodbye();
    EXPECT_EQ(another.value(all), before) << text;
  }
  auto one = wire_client::postgres(pgweir.tcp());
  const auto large = "SELECT 1 /*" + std::string(400'000, 'x') + "*/, set_config('work_mem', '84MB', false)";
  one.ask_sql(large);
  EXPECT_EQ(another.value(all), before);
  one.ask(frontend::parse("", large) + frontend::bind("", "") + frontend::execute() + frontend::sync());
  one.ask_sql("SELECT 1");
  EXPECT_EQ(another.value(all), before);
}

TEST(pool_modes, a_client_that_resets_its_session_leaves_the_next_one_its_application_name) {
  pgweir_process pgweir{proxied("size = 1")};
  const auto billing = [&] {
    return wire_client::log_in(
        pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"application_name", "billing"}});
  };
  for (const auto* reset : {"DISCARD ALL", "RESET ALL", "RESET application_name"}) {
    auto one = billing();
    EXPECT_EQ(one.value("SHOW application_name"), "billing");
    one.ask_sql(reset);
    auto next = billing();
    EXPECT_EQ(next.value("SHOW application_name"), "billing") << reset;
  }
}

TEST(pool_modes, session_mode_leaves_no_statement_to_the_clients_that_follow) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1")};
  for (int i = 0; i < 4; ++i) {
    auto client = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(sqlstate_of(client.ask(frontend::parse("s1", "SELECT 1") + frontend::sync())), "");
    client.goodbye();
  }
}

TEST(pool_modes, startup_parameters_hold_on_every_backend_and_reset_returns_to_them) {
  pgweir_process pgweir{proxied("size = 2\nserver_round_robin = true\nmin_size = 2")};
  auto client = wire_client::log_in(pgweir.tcp(), {{"user", "postgres"},
                                                   {"database", "postgres"},
                                                   {"DateStyle", "SQL, DMY"},
                                                   {"application_name", "it's mine"},
                                                   {"options", "-c work_mem=99kB"}});
  for (int turn = 0; turn < 6; ++turn) {
    EXPECT_EQ(client.value("SHOW DateStyle"), "SQL, DMY");
    EXPECT_EQ(client.value("SHOW work_mem"), "99kB");
    EXPECT_EQ(client.value("SHOW application_name"), "it's mine");
    EXPECT_EQ(first_columns(client.ask_sql("SET work_mem = '98kB'; RESET work_mem; SHOW work_mem")),
              std::vector<std::string>{"99kB"});
  }
}

TEST(pool_modes, each_timeout_ends_what_it_is_for) {
  pgweir_process pgweir{proxied("size = 3")};
  pgweir_process strict{
      proxied("size = 3\nclient_idle_timeout = \"200ms\"\nidle_transaction_timeout = \"200ms\"\n"
              "query_timeout = \"200ms\"")};
  auto idle = wire_client::postgres(strict.tcp());
  EXPECT_EQ(idle.read().sqlstate(), "57P05");
  EXPECT_TRUE(idle.at_end());
  auto in_transaction = wire_client::postgres(strict.tcp());
  in_transaction.ask_sql("BEGIN");
  EXPECT_EQ(in_transaction.read().sqlstate(), "25P03");
  EXPECT_TRUE(in_transaction.at_end());
  auto slow = wire_client::postgres(strict.tcp());
  EXPECT_EQ(sqlstate_of(slow.ask_sql("SELECT pg_sleep(60)")), "57014");
  EXPECT_EQ(slow.value("SELECT 1"), "1");
}

TEST(limits, of_all_clients_of_a_database_and_of_a_user) {
  const auto server = "server = \"" + shared_server() + "\"\n";
  pgweir_process pgweir{"[limits]\nclients = 3\n[databases.postgres]\nclients = 2\n" + server +
                        "[databases.template1]\n" + server + "[users.postgres]\nauth = \"trust\"\n"};
  auto first = wire_client::postgres(pgweir.tcp());
  {
    auto second = wire_client::postgres(pgweir.tcp());
    const auto told = refused_login(pgweir, superuser);
    EXPECT_EQ(told.sqlstate(), "53300");
    EXPECT_NE(told.field('D').find("databases.postgres"), std::string::npos) << told.field('D');
    auto elsewhere = wire_client::log_in(pgweir.tcp(), {{"user", "postgres"}, {"database", "template1"}});
    const auto full = refused_login(pgweir, {{"user", "postgres"}, {"database", "template1"}});
    EXPECT_NE(full.field('D').find("limits: clients = 3"), std::string::npos) << full.field('D');
  }
  EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections", "state=\"idle\"") == 1; }));
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
}

TEST(limits, waiting_clients_are_served_in_the_order_in_which_they_came) {
  pgweir_process pgweir{proxied("size = 1")};
  auto holder = wire_client::postgres(pgweir.tcp());
  holder.ask_sql("DROP SEQUENCE IF EXISTS turn; CREATE SEQUENCE turn; BEGIN");
  std::vector<wire_client> clients;
  for (std::size_t i = 0; i < 10; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    clients.back().send(frontend::query("SELECT nextval('turn')"));
    ASSERT_TRUE(eventually([&] {
      return pgweir.metric("pgweir_client_connections", "state=\"waiting\"") == static_cast<double>(i + 1);
    }));
  }
  holder.ask_sql("COMMIT");
  for (std::size_t i = 0; i < clients.size(); ++i)
    EXPECT_EQ(first_columns(clients[i].read_until_ready()), std::vector<std::string>{std::to_string(i + 1)});
}

TEST(limits, nothing_is_left_of_a_thousand_clients_that_left_at_any_moment) {
  pgweir_process pgweir{proxied("size = 4")};
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
  const auto descriptors = pgweir.open_descriptors();
  for (int turn = 0; turn < 1000; ++turn) {
    const auto login = frontend::startup(superuser);
    wire_client client{pgweir.tcp()};
    const auto bytes = login + frontend::query("SELECT repeat('x', 1000)") + frontend::parse("p", "SELECT 1");
    client.send(std::string_view(bytes).substr(0, static_cast<std::size_t>(turn * 37) % bytes.size()));
    client.abandon();
  }
  EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections") == 0; }));
  EXPECT_TRUE(eventually([&] { return pgweir.open_descriptors() <= descriptors + 4; })) << descriptors;
  EXPECT_LE(pgweir.metric("pgweir_server_connections"), 4);
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
}

}  // namespace
}  // namespace pgweir::test
