// Protocol-level prepared statements in transaction mode: any client's statement on any backend.
#include "tests/integration/proxied.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

namespace pgweir::test {
namespace {

using namespace frontend;
using texts = std::vector<std::string>;

constexpr const char* two_that_go_round = "size = 2\nserver_round_robin = true";

std::string run(const std::string& statement, const std::vector<optional_text>& values = {}) {
  return frontend::bind("", statement, values) + execute() + sync();
}

// A client between whose units another one uses the backends, so that they are not the same ones twice.
class prepared : public testing::Test {
 protected:
  explicit prepared(const std::string& pool = two_that_go_round)
      : pgweir(proxied(pool)),
        client(wire_client::postgres(pgweir.tcp())),
        other(wire_client::postgres(pgweir.tcp())) {
    if (pool != two_that_go_round) return;
    for (auto* both : {&client, &other}) both->ask_sql("BEGIN; SELECT 1");  // opens both backends
    for (auto* both : {&client, &other}) both->ask_sql("COMMIT");
  }

  std::vector<backend_message> ask(const std::string& bytes) {
    auto answer = client.ask(bytes);
    other.ask(parse("", "SELECT 'the other client'") + run(""));
    return answer;
  }

  static void sql(const std::string& text) { postgres::shared().exec(text); }

  pgweir_process pgweir;
  wire_client client;
  wire_client other;
};

TEST_F(prepared, a_statement_runs_on_every_backend) {
  ask(parse("s", "SELECT pg_backend_pid()") + sync());
  std::set<std::string> backends;
  for (int i = 0; i < 9; ++i) backends.insert(first_columns(client.ask(run("s"))).at(0));
  EXPECT_EQ(backends.size(), 2u);
}

TEST_F(prepared, equal_names_of_two_clients_are_two_statements) {
  client.ask(parse("s", "SELECT 'mine'") + sync());
  other.ask(parse("s", "SELECT 'theirs'") + sync());
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(first_columns(client.ask(run("s"))), texts{"mine"});
    EXPECT_EQ(first_columns(other.ask(run("s"))), texts{"theirs"});
  }
}

TEST_F(prepared, the_same_text_with_other_parameter_types_is_another_statement) {
  constexpr std::uint32_t int8 = 20;
  constexpr std::uint32_t text = 25;
  ask(parse("number", "SELECT $1", {int8}) + parse("text", "SELECT $1", {text}) + sync());
  EXPECT_EQ(sqlstate_of(ask(run("number", {"no number"}))), "22P02");
  EXPECT_EQ(first_columns(ask(run("text", {"no number"}))), texts{"no number"});
}

TEST_F(prepared, a_failed_parse_is_not_remembered) {
  EXPECT_EQ(sqlstate_of(ask(parse("s", "SELEC 1") + sync())), "42601");
  EXPECT_EQ(sqlstate_of(ask(run("s"))), "26000");
  EXPECT_EQ(types_of(ask(parse("s", "SELECT 'good'") + sync())), "1Z");
  EXPECT_EQ(first_columns(ask(run("s"))), texts{"good"});
}

TEST_F(prepared, a_parse_that_an_error_skipped_is_not_remembered) {
  ask(execute("no such portal") + parse("s", "SELECT 'skipped'") + sync());
  EXPECT_EQ(sqlstate_of(ask(run("s"))), "26000");
  EXPECT_EQ(types_of(ask(parse("s", "SELECT 'later'") + sync())), "1Z");
  EXPECT_EQ(first_columns(ask(run("s"))), texts{"later"});
}

TEST_F(prepared, a_name_that_an_error_skipped_is_free_for_the_next_unit_of_the_same_pipeline) {
  client.send(execute("no such portal") + parse("s", "SELECT 'skipped'") + sync() +
              parse("s", "SELECT 'second'") + run("s"));
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), "34000");
  const auto second = client.read_until_ready();
  EXPECT_EQ(sqlstate_of(second), "");
  EXPECT_EQ(first_columns(second), texts{"second"});
}

TEST_F(prepared, errors_name_the_statement_as_the_client_does) {
  ask(parse("mine", "SELECT $1::int") + sync());
  const auto missing = ask(run("missing"));
  EXPECT_EQ(missing.front().field('M'), "prepared statement \"missing\" does not exist");
  const auto twice = ask(parse("mine", "SELECT 2") + sync());
  EXPECT_EQ(twice.front().sqlstate(), "42P05");
  EXPECT_EQ(twice.front().field('M'), "prepared statement \"mine\" already exists");
  const auto too_few = ask(run("mine"));
  EXPECT_EQ(too_few.front().sqlstate(), "08P01");
  EXPECT_EQ(too_few.front().field('M'),
            "bind message supplies 0 parameters, but prepared statement \"mine\" requires 1");
}

TEST_F(prepared, the_unnamed_statement_is_the_clients_own_across_sync) {
  ask(parse("", "SELECT $1 || ' of mine'") + describe_statement("") + sync());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(first_columns(ask(run("", {"value"}))), texts{"value of mine"});
}

TEST_F(prepared, a_simple_query_drops_the_unnamed_statement) {
  ask(parse("", "SELECT 1") + sync());
  client.ask_sql("SELECT 2");
  const auto answer = ask(run(""));
  EXPECT_EQ(answer.front().field('M'), "unnamed prepared statement does not exist");
}

TEST_F(prepared, ddl_that_changes_the_result_is_unseen_outside_a_transaction) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  ask(parse("s", "SELECT * FROM changing") + sync());
  for (int i = 0; i < 4; ++i) ask(run("s"));
  sql("ALTER TABLE changing ADD b text DEFAULT 'new'");
  for (int i = 0; i < 4; ++i) {
    const auto answer = ask(frontend::bind("", "s", {}) + describe_portal("") + execute() + sync());
    EXPECT_EQ(types_of(answer), "2TDCZ");
    EXPECT_EQ(answer.at(2).columns(), (texts{"1", "new"}));
  }
}

TEST_F(prepared, ddl_that_changes_the_result_is_told_once_to_a_client_that_asks_for_no_description) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  ask(parse("s", "SELECT * FROM changing") + sync());
  ask(run("s"));
  sql("ALTER TABLE changing ADD b text DEFAULT 'new'");
  EXPECT_EQ(ask(run("s")).front().sqlstate(), "0A000");
}

TEST_F(prepared, ddl_that_changes_the_result_is_told_wherever_a_client_reads_by_an_old_description) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  ask(parse("s", "SELECT * FROM changing") + describe_statement("s") + sync());
  EXPECT_EQ(first_columns(ask(run("s"))), texts{"1"});
  sql("ALTER TABLE changing ADD b text DEFAULT 'new'");
  for (int i = 0; i < 8; ++i) EXPECT_EQ(types_of(ask(run("s"))), "EZ");
  EXPECT_EQ(ask(parse("t", "SELECT * FROM changing") + run("t")).at(2).columns(), (texts{"1", "new"}));
}

TEST_F(prepared, ddl_that_changes_the_result_is_seen_inside_a_transaction_as_directly) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  ask(parse("s", "SELECT * FROM changing") + sync());
  client.ask_sql("BEGIN");
  client.ask(run("s"));
  client.ask_sql("ALTER TABLE changing ADD b int");
  const auto answer = client.ask(run("s"));
  EXPECT_EQ(sqlstate_of(answer), "0A000");
  EXPECT_EQ(answer.back().body, "E");
  client.ask_sql("ROLLBACK");
}

// The first one learns it, who had asked for it in a unit before.
TEST_F(prepared, ddl_that_changes_the_type_of_a_parameter_is_seen_by_new_clients) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  const auto in_two_units = [&] {
    auto fresh = wire_client::postgres(pgweir.tcp());
    fresh.ask(parse("s", "SELECT a FROM changing WHERE a = $1") + describe_statement("s") + sync());
    return sqlstate_of(fresh.ask(run("s", {"1"})));
  };
  for (int i = 0; i < 4; ++i) EXPECT_EQ(in_two_units(), "");
  sql("ALTER TABLE changing ALTER a TYPE text");
  EXPECT_EQ(in_two_units(), "42883");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(in_two_units(), "");
}

TEST_F(prepared, ddl_that_changes_the_result_is_told_once_inside_transactions_of_new_clients) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  ask(parse("first", "SELECT * FROM changing") + sync());
  other.ask(parse("first", "SELECT * FROM changing") + sync());
  sql("ALTER TABLE changing ADD b int");
  int failed = 0;
  for (int i = 0; i < 4; ++i) {
    auto fresh = wire_client::postgres(pgweir.tcp());
    fresh.ask_sql("BEGIN");
    if (sqlstate_of(fresh.ask(parse("s", "SELECT * FROM changing") + run("s"))) == "0A000") ++failed;
    fresh.ask_sql("ROLLBACK");
  }
  EXPECT_LE(failed, 1);
}

TEST_F(prepared, closed_and_prepared_again_is_prepared_afresh) {
  sql("DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int)");
  ask(parse("s", "SELECT * FROM changing") + sync());
  for (int i = 0; i < 4; ++i) ask(run("s"));
  sql("ALTER TABLE changing ADD b int");
  ask(close_statement("s") + sync());
  for (int i = 0; i < 4; ++i) {
    const auto name = "again" + std::to_string(i);
    const auto answer = ask(parse(name, "SELECT * FROM changing") + describe_statement(name) + sync());
    ASSERT_EQ(types_of(answer), "1tTZ");
    EXPECT_EQ(answer.at(2).body.substr(0, 2), std::string("\0\2", 2)) << "columns in the description";
  }
}

TEST_F(prepared, deallocate_in_sql_frees_the_name) {
  other.ask(parse("theirs", "SELECT 'shared text'") + sync());
  ask(parse("s", "SELECT 'shared text'") + sync());
  EXPECT_EQ(types_of(ask(query("DEALLOCATE s"))), "CZ");
  EXPECT_EQ(sqlstate_of(ask(run("s"))), "26000");
  EXPECT_EQ(sqlstate_of(ask(query("DEALLOCATE s"))), "26000");
  EXPECT_EQ(types_of(ask(parse("s", "SELECT 'again'") + sync())), "1Z");
  EXPECT_EQ(first_columns(other.ask(run("theirs"))), texts{"shared text"});
}

class dropping_all : public prepared, public testing::WithParamInterface<std::string> {};

TEST_P(dropping_all, frees_the_clients_names_and_no_others) {
  other.ask(parse("theirs", "SELECT 'shared text'") + sync());
  ask(parse("s", "SELECT 'shared text'") + sync());
  EXPECT_EQ(sqlstate_of(ask(GetParam())), "");
  EXPECT_EQ(sqlstate_of(ask(run("s"))), "26000");
  EXPECT_EQ(types_of(ask(parse("s", "SELECT 'again'") + sync())), "1Z");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(first_columns(ask(run("s"))), texts{"again"});
    EXPECT_EQ(first_columns(other.ask(run("theirs"))), texts{"shared text"});
  }
}

TEST_P(dropping_all, spares_what_is_prepared_behind_it_in_the_pipeline) {
  ask(parse("before", "SELECT 'before'") + sync());
  client.send(GetParam() + parse("s", "SELECT 'behind'") + sync());
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), "");
  EXPECT_EQ(types_of(client.read_until_ready()), "1Z");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(first_columns(ask(run("s"))), texts{"behind"});
  EXPECT_EQ(sqlstate_of(ask(run("before"))), "26000");
}

std::string name_of(const testing::TestParamInfo<std::string>& one) {
  const texts names{"deallocate_all", "discard_all", "deallocate_all_extended"};
  return names.at(one.index);
}

INSTANTIATE_TEST_SUITE_P(by, dropping_all,
                         testing::Values(query("DEALLOCATE ALL"), query("DISCARD ALL"),
                                         parse("", "DEALLOCATE ALL") + run("")),
                         name_of);

TEST_F(prepared, a_statement_of_a_megabyte_works_and_stays_with_its_client) {
  const auto huge = "SELECT length('" + std::string(1 << 20, 'x') + "') + $1::int";
  ask(parse("huge", huge) + sync());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(first_columns(ask(run("huge", {"1"}))), texts{"1048577"});
  EXPECT_EQ(first_columns(ask(parse("", huge) + run("", {"2"}))), texts{"1048578"});
  EXPECT_EQ(types_of(ask(close_statement("huge") + sync())), "3Z");
  EXPECT_EQ(other.value("SELECT 'served'"), "served");
}

constexpr const char* age_of_now = "SELECT clock_timestamp() - 'now'::timestamptz < '50 ms'";

TEST_F(prepared, a_literal_that_means_now_is_never_older_than_the_parse_of_its_client) {
  for (int i = 0; i < 3; ++i) {
    auto fresh = wire_client::postgres(pgweir.tcp());
    fresh.ask(parse("s", age_of_now) + sync());
    EXPECT_EQ(first_columns(fresh.ask(run("s"))), texts{"t"});
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(first_columns(fresh.ask(run("s"))), texts{"f"}) << "a prepared one keeps its moment";
    EXPECT_EQ(types_of(fresh.ask(close_statement("s") + sync())), "3Z");
  }
}

TEST_F(prepared, a_literal_that_means_now_is_of_this_moment_in_each_unnamed_statement) {
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(first_columns(ask(parse("", age_of_now) + run(""))), texts{"t"});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// PostgreSQL takes Describe and Close of up to 10,000 bytes (PQ_SMALL_MESSAGE_LIMIT), Parse and Bind of any
// size.
TEST_F(prepared, a_name_as_long_as_close_can_carry_works) {
  const std::string name(9'900, 'n');
  ask(parse(name, "SELECT 'long name'") + sync());
  EXPECT_EQ(types_of(ask(describe_statement(name) + sync())), "tTZ");
  EXPECT_EQ(first_columns(ask(run(name))), texts{"long name"});
  EXPECT_EQ(types_of(ask(close_statement(name) + sync())), "3Z");
  EXPECT_EQ(sqlstate_of(ask(run(name))), "26000");
}

TEST_F(prepared, a_name_longer_than_the_buffers_works) {
  const std::string name(100'000, 'n');
  ask(parse(name, "SELECT 'long name'") + sync());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(first_columns(ask(run(name))), texts{"long name"});
}

TEST_F(prepared, a_named_portal_of_a_named_statement_is_read_in_pieces) {
  client.ask(parse("s", "SELECT generate_series(1, $1::int)") + sync());
  client.ask_sql("BEGIN");
  EXPECT_EQ(types_of(client.ask(frontend::bind("p", "s", {"5"}) + execute("p", 2) + sync())), "2DDsZ");
  EXPECT_EQ(first_columns(client.ask(execute("p", 2) + sync())), (texts{"3", "4"}));
  EXPECT_EQ(types_of(client.ask(close_statement("p") + sync())), "3Z") << "a statement that does not exist";
  EXPECT_EQ(first_columns(client.ask(execute("p", 2) + sync())), texts{"5"});
  EXPECT_EQ(types_of(client.ask(close_portal("s") + sync())), "3Z") << "a portal that does not exist";
  client.ask_sql("COMMIT");
  EXPECT_EQ(first_columns(client.ask(run("s", {"1"}))), texts{"1"});
}

class few_prepared : public prepared {
 protected:
  few_prepared() : prepared("size = 1\nprepared_statements = 2") {
    postgres::shared().exec(
        "CREATE OR REPLACE FUNCTION count_prepared() RETURNS bigint LANGUAGE sql "
        "AS 'SELECT count(*) FROM pg_prepared_statements'");
  }

  // Of the only backend. pgweir would show a client its own, did it see what is asked.
  std::string count() { return other.value("SELECT count_prepared()"); }
};

TEST_F(few_prepared, the_least_recently_used_ones_are_closed_on_the_server) {
  for (int i = 0; i < 5; ++i) {
    const auto n = std::to_string(i);
    ask(parse("s" + n, "SELECT 'statement " + n + "'") + sync());
    EXPECT_LE(std::stoi(count()), 2);
  }
  for (int i = 0; i < 10; ++i) {
    const auto n = std::to_string(i % 5);
    EXPECT_EQ(first_columns(ask(run("s" + n))), texts{"statement " + n});
    EXPECT_LE(std::stoi(count()), 2);
  }
  EXPECT_GT(pgweir.metric("pgweir_prepared_evictions_total"), 0);
}

TEST_F(few_prepared, more_statements_than_the_limit_work_in_one_pipeline) {
  std::string pipeline;
  texts expected;
  for (int i = 0; i < 5; ++i)
    pipeline += parse("s" + std::to_string(i), "SELECT 'statement " + std::to_string(i) + "'");
  for (int i = 0; i < 15; ++i) {
    pipeline += frontend::bind("", "s" + std::to_string(i % 5)) + execute();
    expected.push_back("statement " + std::to_string(i % 5));
  }
  EXPECT_EQ(first_columns(ask(pipeline + sync())), expected);
  EXPECT_LE(std::stoi(count()), 2);
}

}  // namespace
}  // namespace pgweir::test
