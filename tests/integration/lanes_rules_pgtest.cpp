// What may travel on a lane, and what never does: by what it is, by how it has behaved, by configuration.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace pgweir::test {
namespace {

using namespace frontend;
using texts = std::vector<std::string>;

constexpr int often = 15;  // more than a statement needs to prove itself

void ask_often(const pgweir_process& pgweir, const std::string& unit, const parameters& who) {
  auto client = wire_client::log_in(pgweir.tcp(), who);
  for (int i = 0; i < often; ++i) client.ask(unit);
}

const parameters postgres_user{{"user", "postgres"}, {"database", "postgres"}};

struct leased_statement {
  std::string sql;
  std::string reason;
};

class never_on_a_lane : public testing::TestWithParam<leased_statement> {
 protected:
  static void SetUpTestSuite() {
    make_tables();
    postgres::shared().exec(
        "DROP SEQUENCE IF EXISTS counter; CREATE SEQUENCE counter; DROP TABLE IF EXISTS written; "
        "CREATE TABLE written (id int); CREATE OR REPLACE FUNCTION remembers() RETURNS text LANGUAGE sql "
        "AS $$ SELECT set_config('my.state', 'set', false) $$");
    shared.emplace(with_lanes("size = 1\nsession_functions = [\"remembers\"]"));
  }
  static void TearDownTestSuite() { shared.reset(); }

  static std::optional<pgweir_process> shared;
};
std::optional<pgweir_process> never_on_a_lane::shared;

TEST_P(never_on_a_lane, is_leased_a_backend_in_the_simple_and_the_extended_protocol) {
  const auto on_lanes = units_on_lanes(*shared);
  const auto leased = units_leased(*shared, GetParam().reason);
  ask_often(*shared, query(GetParam().sql), postgres_user);
  EXPECT_EQ(units_leased(*shared, GetParam().reason), leased + often);
  if (GetParam().reason != "several_statements") {
    ask_often(*shared, unnamed(GetParam().sql), postgres_user);
    EXPECT_EQ(units_leased(*shared, GetParam().reason), leased + 2 * often);
  }
  EXPECT_EQ(units_on_lanes(*shared), on_lanes);
}

INSTANTIATE_TEST_SUITE_P(
    such_as, never_on_a_lane,
    testing::Values(
        leased_statement{"SELECT v FROM numbers WHERE id = 1 FOR UPDATE", "locks_rows"},
        leased_statement{"SELECT v FROM numbers WHERE id = 1 FOR KEY SHARE SKIP LOCKED", "locks_rows"},
        leased_statement{"SELECT set_config('work_mem', '4MB', false)", "session_function"},
        leased_statement{"SELECT pg_catalog.\"set_config\"('work_mem', '4MB', true)", "session_function"},
        leased_statement{"SELECT pg_try_advisory_lock(1), pg_advisory_unlock(1)", "session_function"},
        leased_statement{"SELECT currval('counter')", "session_function"},
        leased_statement{"SELECT lastval()", "session_function"},
        leased_statement{"SELECT pg_backend_pid()", "session_function"},
        leased_statement{"SELECT remembers()", "session_function"},
        leased_statement{"SELECT public.Remembers()", "session_function"},
        leased_statement{"SELECT nextval('counter')", "writes"},
        leased_statement{"SELECT pg_sleep(0)", "writes"},
        leased_statement{"INSERT INTO written VALUES (1)", "writes"},
        leased_statement{"WITH gone AS (DELETE FROM written RETURNING id) SELECT * FROM gone", "writes"},
        leased_statement{"SELECT * FROM pg_temp.nothing", "temporary"},
        leased_statement{"SHOW work_mem", "command"}, leased_statement{"VACUUM written", "command"},
        leased_statement{"SELECT 1; SELECT 2", "several_statements"}),
    [](const auto& one) { return one.param.reason + "_" + std::to_string(one.index); });

class lane_rules : public testing::Test {
 protected:
  static void SetUpTestSuite() { make_tables(); }
};

TEST_F(lane_rules, a_statement_that_turns_slow_is_leased_until_it_is_fast_again) {
  pgweir_process pgweir{proxied("size = 1\nlane_expected_time = \"400ms\"", "workers = 1")};
  const auto unit = query(through_gate);
  warm_up(pgweir, unit);
  auto client = wire_client::postgres(pgweir.tcp());
  // One alone would be a hiccup of the machine.
  for (int i = 0; i < 2; ++i) {
    closed_gate gate;
    gate.stop(client);
    std::this_thread::sleep_for(std::chrono::milliseconds{150});
    gate.open();
    EXPECT_EQ(first_columns(client.read_until_ready()), texts{"open"});
  }
  const auto on_lanes = units_on_lanes(pgweir);
  EXPECT_EQ(first_columns(client.ask(unit)), texts{"open"});
  EXPECT_EQ(units_leased(pgweir, "slow"), 1);
  EXPECT_EQ(units_on_lanes(pgweir), on_lanes);
  warm_up(pgweir, unit);
}

TEST_F(lane_rules, a_statement_whose_answer_gets_large_is_leased_until_it_is_small_again) {
  pgweir_process pgweir{with_lanes("size = 1")};
  const auto repeated = [](int times) { return query("SELECT repeat('x', " + std::to_string(times) + ")"); };
  warm_up(pgweir, repeated(1));
  auto client = wire_client::postgres(pgweir.tcp());
  const auto on_lanes = units_on_lanes(pgweir);
  EXPECT_EQ(first_columns(client.ask(repeated(200'000))).at(0).size(), 200'000u);
  EXPECT_EQ(units_on_lanes(pgweir), on_lanes + 1);
  EXPECT_EQ(first_columns(client.ask(repeated(1))), texts{"x"});
  EXPECT_EQ(units_leased(pgweir, "large"), 1);
  EXPECT_EQ(units_on_lanes(pgweir), on_lanes + 1);
  warm_up(pgweir, repeated(1));
}

struct switched_off {
  std::string name;
  std::string pool;
  std::string tables;
};

class multiplex_off : public testing::TestWithParam<switched_off> {
 protected:
  static void SetUpTestSuite() {
    make_tables();
    postgres::shared().exec(
        "DROP ROLE IF EXISTS other; CREATE ROLE other SUPERUSER LOGIN PASSWORD 'postgres'");
    postgres::shared().exec("DROP DATABASE IF EXISTS other");
    postgres::shared().exec("CREATE DATABASE other");
  }
};

TEST_P(multiplex_off, keeps_everything_in_its_reach_off_the_lanes) {
  auto options = with_lanes("size = 1\n" + GetParam().pool);
  options.rest += GetParam().tables;
  if (GetParam().name == "for_a_database") options.rest += "server = \"" + shared_server() + "\"\n";
  const pgweir_process pgweir{options};
  const parameters off{{"user", GetParam().name == "for_a_user" ? "other" : "postgres"},
                       {"database", GetParam().name == "for_a_database" ? "other" : "postgres"}};
  ask_often(pgweir, query("SELECT 1 + 1"), off);
  EXPECT_EQ(units_on_lanes(pgweir), 0);
  EXPECT_EQ(units_leased(pgweir, "off"), often);
  if (GetParam().name != "for_all") warm_up(pgweir, query("SELECT 1 + 1"));
}

INSTANTIATE_TEST_SUITE_P(
    set, multiplex_off,
    testing::Values(switched_off{"for_all", "multiplex = \"off\"", ""},
                    switched_off{"for_a_database", "", "[databases.other]\nmultiplex = \"off\"\n"},
                    switched_off{"for_a_user", "", "[users.other]\nauth = \"trust\"\nmultiplex = \"off\"\n"}),
    [](const auto& one) { return one.param.name; });

TEST_F(lane_rules, clients_with_different_application_names_each_see_their_own_on_one_backend) {
  pgweir_process pgweir{with_lanes("size = 1")};
  const auto asks = query("SELECT current_setting('application_name')");
  std::vector<std::string> complaints(6);
  {
    std::vector<std::jthread> all;
    for (std::size_t i = 0; i < complaints.size(); ++i)
      all.emplace_back([&, i] {
        const auto name = "application " + std::to_string(i % 3);
        auto client = wire_client::log_in(
            pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"application_name", name}});
        for (int turn = 0; turn < 300; ++turn) {
          const auto answer = client.ask(asks);
          if (first_columns(answer) != texts{name})
            complaints[i] += types_of(answer) + ' ' + sqlstate_of(answer) + " for " + name + '\n';
        }
      });
  }
  for (const auto& one : complaints) EXPECT_EQ(one, "");
  EXPECT_GT(units_on_lanes(pgweir), 100);
}

TEST_F(lane_rules, an_application_name_that_fills_the_lane_leaves_turns_to_others) {
  pgweir_process pgweir{with_lanes("size = 1")};
  warm_up(pgweir, number(1));
  std::atomic<bool> stop = false;
  std::vector<std::jthread> crowd;
  for (int i = 0; i < 12; ++i)
    crowd.emplace_back([&] {
      for (auto client = wire_client::postgres(pgweir.tcp()); !stop;) client.ask(number(2));
    });
  auto other = wire_client::log_in(
      pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"application_name", "other"}});
  for (int turn = 0; turn < 20; ++turn) EXPECT_EQ(first_columns(other.ask(number(3))), texts{"n3"});
  stop = true;
}

}  // namespace
}  // namespace pgweir::test
