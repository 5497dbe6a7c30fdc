// pg_terminate_backend and pg_cancel_backend by the numbers that clients of pgweir know: their own, from
// BackendKeyData, and the server's, from pg_backend_pid().
#include "tests/integration/lanes.hpp"
#include "tests/support/eventually.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {
namespace {

constexpr const char* terminated = "57P01";
constexpr const char* cancelled = "57014";
constexpr const char* not_permitted = "42501";

std::string number_of(const wire_client& client) { return std::to_string(client.process_id()); }
std::string kill(const wire_client& client) {
  return "SELECT pg_terminate_backend(" + number_of(client) + ")";
}

// The server's words, or those of pgweir's in its place; then the end.
void expect_terminated(wire_client& client) {
  const auto said = client.read();
  EXPECT_EQ(said.sqlstate(), terminated);
  EXPECT_EQ(said.field('S'), "FATAL");
  EXPECT_EQ(said.field('M'), "terminating connection due to administrator command");
  EXPECT_TRUE(client.at_end());
}

bool runs(const std::string& text) {
  return postgres::shared().value(
             "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%" + text +
             "%' AND pid <> pg_backend_pid()") == "1";
}

// How the number is given to the server.
struct way {
  const char* name;
  std::string (*call)(const std::string& function, const std::string& number);
};

std::string by_query(const std::string& function, const std::string& number) {
  return frontend::query("SELECT " + function + "(" + number + ")");
}
std::string by_named_text(const std::string& function, const std::string& number) {
  const auto text = "SELECT " + function + "(" + number + ")";
  return frontend::parse(text, text) + frontend::bind("", text) + frontend::execute() + frontend::sync();
}
std::string by_column(const std::string& function, const std::string& number) {
  return frontend::query("SELECT " + function + "(pid) FROM pg_stat_activity WHERE pid = " + number);
}
std::string by_parameter(const std::string& function, const std::string& number) {
  return frontend::parse("", "SELECT " + function + "($1)") + frontend::bind("", "", {number}) +
         frontend::execute() + frontend::sync();
}
const way ways[] = {{"by_query", by_query},
                    {"by_named_text", by_named_text},
                    {"by_column", by_column},
                    {"by_parameter", by_parameter}};

class processes : public testing::TestWithParam<way> {
 protected:
  // Several times as many clients as workers: some are on the other one.
  pgweir_process pgweir{proxied("size = 6\nserver_round_robin = true", "workers = 2")};
  wire_client killer = wire_client::postgres(pgweir.tcp());

  std::vector<std::string> call(const std::string& function, const wire_client& meant) {
    const auto answer = killer.ask(GetParam().call(function, number_of(meant)));
    EXPECT_EQ(sqlstate_of(answer), "");
    return first_columns(answer);
  }
};

using answers = std::vector<std::string>;

TEST_P(processes, of_an_idle_client_is_ended) {
  for (int i = 0; i < 6; ++i) {
    auto meant = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(call("pg_terminate_backend", meant), answers{"t"});
    expect_terminated(meant);
  }
  EXPECT_EQ(killer.value("SELECT 'alive'"), "alive");
}

// Directly, too, nobody sees a client answer once more whose end has been confirmed.
TEST_P(processes, of_an_idle_client_is_ended_before_its_killer_is_answered) {
  for (int i = 0; i < 40; ++i) {
    auto meant = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(call("pg_terminate_backend", meant), answers{"t"});
    EXPECT_TRUE(meant.has_input());
    expect_terminated(meant);
  }
}

TEST_P(processes, of_a_client_in_a_transaction_is_ended_and_rolled_back) {
  postgres::shared().exec("DROP TABLE IF EXISTS kept; CREATE TABLE kept (a int)");
  for (int i = 0; i < 6; ++i) {
    auto meant = wire_client::postgres(pgweir.tcp());
    meant.ask_sql("BEGIN; INSERT INTO kept VALUES (1)");
    EXPECT_EQ(call("pg_terminate_backend", meant), answers{"t"});
    expect_terminated(meant);
  }
  EXPECT_EQ(killer.value("SELECT count(*) FROM kept"), "0");
}

TEST_P(processes, of_a_client_that_runs_a_query_is_cancelled) {
  for (int i = 0; i < 6; ++i) {
    auto meant = wire_client::postgres(pgweir.tcp());
    meant.send(frontend::query("SELECT pg_sleep(600) /* to be cancelled */"));
    ASSERT_TRUE(eventually([] { return runs("to be cancelled"); }));
    EXPECT_EQ(call("pg_cancel_backend", meant), answers{"t"});
    EXPECT_EQ(sqlstate_of(meant.read_until_ready()), cancelled);
    EXPECT_EQ(meant.value("SELECT 'usable'"), "usable");
  }
}

TEST_P(processes, of_an_idle_client_is_not_harmed_by_a_cancel) {
  auto meant = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(call("pg_cancel_backend", meant), answers{"t"});
  EXPECT_EQ(meant.value("SELECT 'usable'"), "usable");
}

TEST_P(processes, of_the_client_itself_is_ended) {
  killer.send(GetParam().call("pg_terminate_backend", number_of(killer)));
  EXPECT_EQ(sqlstate_of(killer.read_until_ready()), terminated);
  EXPECT_TRUE(killer.at_end());
}

INSTANTIATE_TEST_SUITE_P(named, processes, testing::ValuesIn(ways),
                         [](const auto& one) { return one.param.name; });

TEST(process, that_nobody_has_is_what_postgresql_calls_it) {
  pgweir_process pgweir{proxied("size = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto gone = wire_client::postgres(pgweir.tcp());
  const auto call = kill(gone);
  gone.goodbye();
  ASSERT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections") == 1; }));
  const auto answer = killer.ask_sql(call);
  EXPECT_EQ(first_columns(answer), answers{"f"});
  EXPECT_EQ(types_of(answer), "TNDCZ") << "a warning before the row";
}

TEST(process, is_ended_by_whom_the_server_allows_it_and_nobody_else) {
  postgres::shared().exec("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest'");
  pgweir_process pgweir{proxied("size = 4")};
  auto idle = wire_client::postgres(pgweir.tcp());
  auto busy = wire_client::postgres(pgweir.tcp());
  busy.ask_sql("BEGIN; SELECT 1");
  auto guest = wire_client::postgres(pgweir.tcp());
  guest.ask_sql("SET ROLE guest");
  for (auto* meant : {&idle, &busy}) {
    EXPECT_EQ(sqlstate_of(guest.ask_sql(kill(*meant))), not_permitted);
    EXPECT_EQ(meant->value("SELECT 'alive'"), "alive");
  }
  EXPECT_EQ(sqlstate_of(busy.ask_sql("COMMIT")), "");
  EXPECT_EQ(busy.value("SELECT 'alive'"), "alive");
}

TEST(process, is_not_ended_by_a_call_that_is_not_executed) {
  pgweir_process pgweir{proxied("size = 4")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto meant = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(first_columns(killer.ask_sql(kill(meant) + " WHERE false")), answers{});
  EXPECT_EQ(meant.value("SELECT 'alive'"), "alive");
  meant.ask_sql("BEGIN; SELECT 1");
  EXPECT_EQ(first_columns(killer.ask_sql(kill(meant) + " WHERE false")), answers{});
  EXPECT_EQ(sqlstate_of(meant.ask_sql("COMMIT")), "");
}

TEST(process, may_be_named_again_after_its_client_has_another_backend) {
  pgweir_process pgweir{proxied("size = 4\nserver_round_robin = true")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto meant = wire_client::postgres(pgweir.tcp());
  killer.ask(frontend::parse("k", kill(meant) + " WHERE $1::bool") + frontend::sync());
  const auto run = [&](const char* really) {
    return first_columns(
        killer.ask(frontend::bind("", "k", {really}) + frontend::execute() + frontend::sync()));
  };
  for (int i = 0; i < 4; ++i) {
    meant.ask_sql("BEGIN; SELECT 1");
    EXPECT_EQ(run("false"), answers{});
    meant.ask_sql("COMMIT");
  }
  EXPECT_EQ(run("true"), answers{"t"});
  expect_terminated(meant);
}

TEST(process, is_found_from_inside_a_transaction) {
  pgweir_process pgweir{proxied("size = 4")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto meant = wire_client::postgres(pgweir.tcp());
  meant.ask_sql("BEGIN; SELECT 1");
  killer.ask_sql("BEGIN");
  EXPECT_EQ(killer.value(kill(meant)), "t");
  expect_terminated(meant);
  EXPECT_EQ(sqlstate_of(killer.ask_sql("COMMIT")), "");
}

TEST(process, is_ended_before_its_killer_is_answered_inside_a_transaction) {
  pgweir_process pgweir{proxied("size = 4", "workers = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  killer.ask_sql("BEGIN; SELECT 1");
  for (int i = 0; i < 40; ++i) {
    auto meant = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(killer.value(kill(meant)), "t");
    EXPECT_TRUE(meant.has_input());
    expect_terminated(meant);
  }
  EXPECT_EQ(sqlstate_of(killer.ask_sql("COMMIT")), "");
}

TEST(process, of_several_clients_is_ended_before_their_killer_is_answered) {
  pgweir_process pgweir{proxied("size = 5", "workers = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  for (int i = 0; i < 10; ++i) {
    std::vector<wire_client> meant;
    std::string units;
    for (int j = 0; j < 3; ++j) {
      meant.push_back(wire_client::postgres(pgweir.tcp()));
      units += frontend::query(kill(meant.back()));
    }
    killer.send(units);
    for (auto& one : meant) {
      EXPECT_EQ(first_columns(killer.read_until_ready()), answers{"t"});
      EXPECT_TRUE(one.has_input());
      expect_terminated(one);
    }
  }
}

TEST(backend_pid, ends_who_was_told_it_also_when_idle) {
  pgweir_process pgweir{proxied("size = 4", "workers = 2")};
  for (int i = 0; i < 6; ++i) {
    auto told = wire_client::postgres(pgweir.tcp());
    const auto pid = told.value("SELECT pg_backend_pid()");
    EXPECT_EQ(postgres::shared().value("SELECT pg_terminate_backend(" + pid + ")"), "t");
    expect_terminated(told);
  }
}

TEST(backend_pid, ends_who_was_told_it_also_when_another_uses_that_backend) {
  pgweir_process pgweir{proxied("size = 1", "workers = 2")};
  auto told = wire_client::postgres(pgweir.tcp());
  const auto pid = told.value("SELECT pg_backend_pid()");
  auto user = wire_client::postgres(pgweir.tcp());
  user.ask_sql("BEGIN; SELECT 1");
  postgres::shared().exec("SELECT pg_terminate_backend(" + pid + ")");
  expect_terminated(told);
  expect_terminated(user);
}

std::string pid_of(wire_client& client) { return client.value("SELECT pg_backend_pid()"); }

// But for a stall of the machine: how long pgweir waits for an end that may not come is limited.
TEST(backend_pid, ends_who_was_told_it_before_its_killer_is_answered) {
  int in_time = 0;
  pgweir_process pgweir{proxied("size = 5", "workers = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  killer.ask_sql("BEGIN; SELECT 1");
  for (int i = 0; i < 40; ++i) {
    auto told = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(killer.value("SELECT pg_terminate_backend(" + pid_of(told) + ")"), "t");
    in_time += told.has_input();
    expect_terminated(told);
  }
  EXPECT_GE(in_time, 35);
  EXPECT_EQ(sqlstate_of(killer.ask_sql("COMMIT")), "");
}

TEST(backend_pid, of_the_backend_that_is_to_execute_the_call_means_who_was_told_it) {
  pgweir_process pgweir{proxied("size = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  for (int i = 0; i < 10; ++i) {
    auto told = wire_client::postgres(pgweir.tcp());
    const auto pid = pid_of(told);
    EXPECT_EQ(killer.value("SELECT pg_cancel_backend(" + pid + ")"), "t");
    EXPECT_EQ(told.value("SELECT 'alive'"), "alive");
    EXPECT_EQ(first_columns(killer.ask(by_parameter("pg_terminate_backend", pid))), answers{"t"});
    EXPECT_TRUE(told.has_input());
    expect_terminated(told);
  }
}

struct told_client {
  wire_client client;
  std::string pid;
};

// A client whose query does not run on the backend whose process it was told: `other` has that one then, and
// gives it back. The killer has another one, in a transaction.
told_client run_elsewhere(const pgweir_process& pgweir, wire_client& killer, wire_client& other) {
  killer.ask_sql("BEGIN; SELECT 1");
  auto told = wire_client::postgres(pgweir.tcp());
  auto pid = pid_of(told);
  other.ask_sql("BEGIN; SELECT 1");
  told.send(frontend::query("SELECT pg_sleep(600) /* elsewhere */"));
  if (!eventually([] { return runs("elsewhere"); })) throw std::runtime_error("it does not run");
  other.ask_sql("COMMIT");
  return {std::move(told), std::move(pid)};
}

void expect_cancelled_by(wire_client& killer, told_client& told) {
  EXPECT_EQ(killer.value("SELECT pg_cancel_backend(" + told.pid + ")"), "t");
  killer.ask_sql("COMMIT");
  EXPECT_EQ(sqlstate_of(told.client.read_until_ready()), cancelled);
}

TEST(backend_pid, cancels_what_who_was_told_it_runs_elsewhere) {
  pgweir_process pgweir{proxied("size = 3", "workers = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  for (int i = 0; i < 6; ++i) {
    auto told = run_elsewhere(pgweir, killer, other);
    expect_cancelled_by(killer, told);
    EXPECT_EQ(told.client.value("SELECT 'usable'"), "usable");
  }
}

TEST(backend_pid, cancels_what_who_was_told_it_runs_elsewhere_though_it_was_a_lane_since_then) {
  make_tables();
  pgweir_process pgweir{with_lanes("size = 3")};
  warm_up(pgweir, number(1));
  auto killer = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  auto told = run_elsewhere(pgweir, killer, other);
  const auto before = units_on_lanes(pgweir);
  for (int i = 1; i <= 5; ++i) other.ask(number(i));
  EXPECT_GT(units_on_lanes(pgweir), before);
  expect_cancelled_by(killer, told);
}

TEST(backend_pid, of_a_backend_that_another_uses_cancels_that) {
  pgweir_process pgweir{proxied("size = 3")};
  auto killer = wire_client::postgres(pgweir.tcp());
  killer.ask_sql("BEGIN; SELECT 1");
  auto told = wire_client::postgres(pgweir.tcp());
  auto user = wire_client::postgres(pgweir.tcp());
  const auto pid = pid_of(told);
  user.send(frontend::query("SELECT pg_sleep(600) /* on it */"));
  ASSERT_TRUE(eventually([] { return runs("on it"); }));
  told.ask_sql("BEGIN; SELECT 1");
  EXPECT_EQ(killer.value("SELECT pg_cancel_backend(" + pid + ")"), "t");
  EXPECT_EQ(sqlstate_of(user.read_until_ready()), cancelled);
  EXPECT_EQ(sqlstate_of(told.ask_sql("COMMIT")), "");
}

TEST(backend_pid, of_ones_own_backend_ends_oneself) {
  pgweir_process pgweir{proxied("size = 1")};
  auto told = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  told.ask_sql("SELECT pg_terminate_backend(" + pid_of(told) + ")");
  EXPECT_TRUE(told.at_end());
  EXPECT_EQ(other.value("SELECT 'alive'"), "alive");
}

TEST(backend_pid, that_nobody_was_told_is_the_servers) {
  pgweir_process pgweir{proxied("size = 2", "workers = 2")};
  auto killer = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres({"127.0.0.1", postgres::shared().port()});
  EXPECT_EQ(killer.value("SELECT pg_terminate_backend(" + pid_of(other) + ")"), "t");
  expect_terminated(other);
  EXPECT_EQ(killer.value("SELECT 'alive'"), "alive");
}

TEST(backend_pid, in_a_call_that_is_not_executed_ends_nobody) {
  pgweir_process pgweir{proxied("size = 3")};
  auto killer = wire_client::postgres(pgweir.tcp());
  killer.ask_sql("BEGIN; SELECT 1");
  auto told = wire_client::postgres(pgweir.tcp());
  const auto call = "SELECT pg_terminate_backend(" + pid_of(told) + ") WHERE false";
  EXPECT_EQ(first_columns(killer.ask_sql(call)), answers{});
  EXPECT_EQ(told.value("SELECT 'alive'"), "alive");
}

TEST(backend_pid, of_the_backend_that_told_it_last_counts) {
  pgweir_process pgweir{proxied("size = 2\nmin_size = 2\nserver_round_robin = true")};
  auto told = wire_client::postgres(pgweir.tcp());
  const auto first = told.value("SELECT pg_backend_pid()");
  std::string last = first;
  ASSERT_TRUE(eventually([&] { return (last = told.value("SELECT pg_backend_pid()")) != first; }));
  auto other = wire_client::postgres(pgweir.tcp());
  postgres::shared().exec("SELECT pg_terminate_backend(" + first + ")");
  ASSERT_TRUE(
      eventually([&] { return pgweir.metric("pgweir_server_closes_total", "reason=\"server\"") == 1; }));
  EXPECT_EQ(told.value("SELECT 'alive'"), "alive");
  EXPECT_EQ(other.value("SELECT 'alive'"), "alive");
  postgres::shared().exec("SELECT pg_terminate_backend(" + last + ")");
  expect_terminated(told);
  EXPECT_EQ(other.value("SELECT 'alive'"), "alive");
}

}  // namespace
}  // namespace pgweir::test
