// SQL and the protocol speak of the same prepared statements: in transaction mode, too, a client finds its
// own under its own names, and nobody else's.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

const auto* const names =
    "SELECT string_agg(name || '=' || statement, ' ' ORDER BY name) FROM pg_prepared_statements";

std::string run(const std::string& name) {
  return frontend::bind("", name) + frontend::execute() + frontend::sync();
}

// Two server connections and two clients.
class sql_names : public testing::TestWithParam<const char*> {
 protected:
  sql_names()
      : pgweir_(
            proxied(std::string("size = 2\nserver_round_robin = true\nmultiplex = \"") + GetParam() + "\"",
                    "workers = 1")),
        one_(wire_client::postgres(pgweir_.tcp())),
        other_(wire_client::postgres(pgweir_.tcp())) {
    one_.ask(frontend::parse("p", "SELECT 'mine'") + frontend::sync());
    other_.ask(frontend::parse("p", "SELECT 'theirs'") + frontend::sync());
    other_.ask(frontend::parse("q", "SELECT 'more'") + frontend::sync());
  }

  double pinned() const { return pgweir_.metric("pgweir_pinned_servers"); }

  pgweir_process pgweir_;
  wire_client one_;
  wire_client other_;
};

INSTANTIATE_TEST_SUITE_P(multiplex, sql_names, testing::Values("off", "auto"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(sql_names, shows_each_client_its_own_statements_and_lets_it_go_again) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(one_.value(names), "p=SELECT 'mine'");
    EXPECT_EQ(other_.value(names), "p=SELECT 'theirs' q=SELECT 'more'");
    EXPECT_EQ(first_columns(one_.ask(run("p"))), std::vector<std::string>{"mine"});
    EXPECT_EQ(first_columns(other_.ask(run("p"))), std::vector<std::string>{"theirs"});
  }
  EXPECT_TRUE(eventually([&] { return pinned() == 0; }));
  EXPECT_EQ(sqlstate_of(one_.ask(frontend::close_statement("p") + frontend::sync())), "");
  EXPECT_EQ(sqlstate_of(one_.ask(run("p"))), "26000");
  EXPECT_EQ(first_columns(other_.ask(run("q"))), std::vector<std::string>{"more"});
}

TEST_P(sql_names, executes_and_deallocates_what_the_protocol_has_prepared) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(one_.value("EXECUTE p"), "mine");
    EXPECT_EQ(first_columns(
                  other_.ask(frontend::parse("", "EXECUTE q") + frontend::describe_statement("") + run(""))),
              std::vector<std::string>{"more"});
  }
  EXPECT_EQ(sqlstate_of(one_.ask_sql("BEGIN; DEALLOCATE p; COMMIT")), "");
  EXPECT_EQ(sqlstate_of(one_.ask(run("p"))), "26000");
  EXPECT_EQ(sqlstate_of(one_.ask_sql("EXECUTE p")), "26000");
  EXPECT_EQ(sqlstate_of(one_.ask(frontend::parse("p", "SELECT 'again'") + run("p"))), "");
  EXPECT_EQ(one_.value("EXPLAIN EXECUTE p").substr(0, 6), "Result");
  EXPECT_EQ(first_columns(other_.ask(run("p"))), std::vector<std::string>{"theirs"});
}

// As asyncpg does, which sends no Sync behind what it prepares.
TEST_P(sql_names, executes_what_the_protocol_has_prepared_in_the_midst_of_a_pipeline) {
  const auto prepare_r = frontend::parse("r", "SELECT 'new'") + frontend::describe_statement("r");
  const auto select = frontend::parse("", "SELECT 'ran'") + frontend::bind("", "") + frontend::execute();
  for (const auto& first : {prepare_r, select}) {
    for (const auto* text : {"EXECUTE p", "SELECT 'mine' FROM pg_prepared_statements WHERE name = 'p'"}) {
      one_.send(first + frontend::flush());
      one_.read_until(first == select ? 'C' : 'T');
      EXPECT_EQ(first_columns(one_.ask(frontend::parse("", text) + run(""))),
                std::vector<std::string>{"mine"});
      if (first == prepare_r) one_.ask(frontend::close_statement("r") + frontend::sync());
    }
  }
  EXPECT_TRUE(eventually([&] { return pinned() == 0; }));
  EXPECT_EQ(first_columns(other_.ask(run("p"))), std::vector<std::string>{"theirs"});
}

TEST_P(sql_names, are_not_waited_for_by_a_client_that_cancels) {
  postgres::shared().exec("CREATE TABLE IF NOT EXISTS locked (a int)");
  const auto on_locked = [](const char* name) { return frontend::parse(name, "SELECT a FROM locked"); };
  one_.ask(on_locked("l") + on_locked("m") + frontend::sync());
  const auto select = frontend::parse("", "SELECT 1") + frontend::bind("", "") + frontend::execute();
  for (const auto& first : {std::string{}, select + frontend::flush()}) {
    other_.ask_sql("BEGIN; LOCK TABLE locked");
    one_.send(first);
    if (!first.empty()) one_.read_until('C');
    one_.send(frontend::parse("", "EXECUTE p") + run(""));
    ASSERT_TRUE(eventually(
        [] { return postgres::shared().value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"; }));
    one_.cancel();
    EXPECT_EQ(sqlstate_of(one_.read_until_ready()), "57014");
    other_.ask_sql("COMMIT");
    EXPECT_EQ(one_.value("EXECUTE p"), "mine");
    EXPECT_EQ(sqlstate_of(one_.ask(run("l"))), "");
  }
}

TEST_P(sql_names, binds_and_describes_what_sql_has_prepared) {
  ASSERT_EQ(sqlstate_of(one_.ask_sql("PREPARE s(int) AS SELECT $1 + 1")), "");
  EXPECT_EQ(pinned(), 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(types_of(one_.ask(frontend::describe_statement("s") + frontend::sync())), "tTZ");
    EXPECT_EQ(
        first_columns(one_.ask(frontend::bind("", "s", {"41"}) + frontend::execute() + frontend::sync())),
        std::vector<std::string>{"42"});
    EXPECT_EQ(sqlstate_of(other_.ask_sql("EXECUTE s(1)")), "26000");
  }
  EXPECT_EQ(sqlstate_of(one_.ask(frontend::close_statement("s") + frontend::sync())), "");
  EXPECT_EQ(sqlstate_of(one_.ask_sql("EXECUTE s(1)")), "26000");
  EXPECT_TRUE(eventually([&] { return pinned() == 0; }));
}

TEST_P(sql_names, do_not_take_away_what_a_function_has_prepared) {
  ASSERT_EQ(sqlstate_of(one_.ask_sql("DO $$BEGIN EXECUTE 'PREPARE s AS SELECT 12'; END$$")), "");
  EXPECT_EQ(one_.value("EXECUTE s"), "12");
  EXPECT_EQ(one_.value("EXECUTE p"), "mine");
}

TEST_P(sql_names, are_taken_once_for_both) {
  EXPECT_EQ(sqlstate_of(one_.ask_sql("PREPARE p AS SELECT 1")), "42P05");
  EXPECT_EQ(sqlstate_of(one_.ask_sql("PREPARE q AS SELECT 1")), "");
  EXPECT_EQ(sqlstate_of(one_.ask(frontend::parse("q", "SELECT 2") + frontend::sync())), "42P05");
  EXPECT_EQ(sqlstate_of(one_.ask(frontend::parse("p", "SELECT 2") + frontend::sync())), "42P05");
}

TEST_P(sql_names, are_there_in_a_transaction_although_a_statement_has_lost_its_table) {
  one_.ask_sql("CREATE TABLE IF NOT EXISTS lost (a int)");
  ASSERT_EQ(sqlstate_of(one_.ask(frontend::parse("l", "SELECT a FROM lost") + frontend::sync())), "");
  one_.ask_sql("DROP TABLE lost");
  one_.ask_sql("BEGIN");
  EXPECT_EQ(one_.value("EXECUTE p"), "mine");
  EXPECT_EQ(one_.ask_sql("COMMIT").front().body.substr(0, 6), "COMMIT");
}

TEST_P(sql_names, reach_nobody_when_their_client_leaves) {
  {
    auto gone = wire_client::postgres(pgweir_.tcp());
    gone.ask(frontend::parse("g", "SELECT 1") + frontend::sync());
    gone.ask_sql("PREPARE s AS SELECT 1");
    gone.goodbye();
  }
  EXPECT_TRUE(eventually([&] { return pinned() == 0; }));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(one_.value(names), "p=SELECT 'mine'");
    EXPECT_EQ(sqlstate_of(one_.ask(run("g"))), "26000");
    EXPECT_EQ(sqlstate_of(one_.ask_sql("EXECUTE s")), "26000");
  }
}

}  // namespace
}  // namespace pgweir::test
