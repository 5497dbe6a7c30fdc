// What goes wrong on a lane is felt by the client at its head alone: a head that takes long, a backend that
// dies, a client that does not read or goes.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <signal.h>
#include <thread>

namespace pgweir::test {
namespace {

using texts = std::vector<std::string>;

std::string repeated(int times) {
  return frontend::query("SELECT repeat('x', " + std::to_string(times) + ")");
}

class lane_trouble : public warm_lanes {
 protected:
  void start(const std::string& pool) {
    start_warm(pool);
    warm_up(*pgweir, repeated(10));
    head.emplace(wire_client::postgres(pgweir->tcp()));
    for (int i = 0; i < 6; ++i) behind.push_back(wire_client::postgres(pgweir->tcp()));
  }

  // Behind the head.
  void queue_all() {
    std::vector<queued_unit> units;
    for (auto& one : behind) units.push_back({&one, number(static_cast<int>(units.size()) + 1)});
    ASSERT_TRUE(queue_up(*pgweir, units));
  }
  void expect_their_answers() {
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(first_columns(behind[static_cast<std::size_t>(i)].read_until_ready()), texts{name_of(i + 1)});
  }
  double lanes_closed(const std::string& reason) const {
    return pgweir->metric("pgweir_lane_closes_total", "reason=\"" + reason + "\"");
  }

  std::optional<wire_client> head;
  std::vector<wire_client> behind;
};

TEST_F(lane_trouble, units_behind_a_head_that_waits_for_a_lock_are_answered_elsewhere) {
  start("size = 2\nlanes = 1");
  closed_gate gate;
  gate.stop(*head);
  queue_all();
  expect_their_answers();
  EXPECT_FALSE(head->has_input());
  EXPECT_EQ(resent(*pgweir, "stalled"), 6);
  gate.open();
  EXPECT_EQ(first_columns(head->read_until_ready()), texts{"open"});
  EXPECT_EQ(resent(*pgweir, "stalled"), 6);
}

TEST_F(lane_trouble, units_that_come_later_than_that_are_answered_elsewhere) {
  start("size = 2\nlanes = 1");
  closed_gate gate;
  gate.stop(*head);
  queue_all();
  expect_their_answers();
  auto late = wire_client::postgres(pgweir->tcp());
  EXPECT_EQ(first_columns(late.ask(number(9))), texts{"n9"});
  EXPECT_FALSE(head->has_input());
}

TEST_F(lane_trouble, units_that_all_wait_for_the_same_lock_are_all_answered_when_it_goes) {
  start("size = 2\nlanes = 1");
  closed_gate gate;
  gate.stop(*head);
  std::vector<queued_unit> units;
  for (auto& one : behind) units.push_back({&one, frontend::query(through_gate)});
  ASSERT_TRUE(queue_up(*pgweir, units));
  ASSERT_TRUE(eventually([&] { return resent(*pgweir, "stalled") == 6; }));
  gate.open();
  EXPECT_EQ(first_columns(head->read_until_ready()), texts{"open"});
  for (auto& one : behind) EXPECT_EQ(first_columns(one.read_until_ready()), texts{"open"});
}

TEST_F(lane_trouble, of_a_backend_that_is_terminated_is_told_to_the_head_and_hidden_from_the_others) {
  start("size = 2\nlanes = 1");
  closed_gate gate;
  gate.stop(*head);
  queue_all();
  postgres::shared().exec("SELECT pg_terminate_backend(" + gate.stopped_pid() + ", 10000)");
  EXPECT_EQ(sqlstate_of(head->read_until_ready()), "57P01");
  EXPECT_TRUE(head->at_end());
  expect_their_answers();
  EXPECT_EQ(resent(*pgweir, "server_lost"), 6);
  EXPECT_EQ(lanes_closed("server"), 1);
}

TEST_F(lane_trouble, of_backends_terminated_all_the_time_is_told_to_few_and_nobody_hangs) {
  start("size = 3");
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> all;
  for (int i = 0; i < 12; ++i)
    all.emplace_back([&, id = i + 1] {
      while (!stop) try {
          auto client = wire_client::postgres(pgweir->tcp());
          for (bool told = false; !told && !stop; ++answered) {
            const auto answer = client.ask(number(id));
            told = !sqlstate_of(answer).empty();
            const auto state = sqlstate_of(answer);
            wrong +=
                told ? state != "57P01" && state != "08006" : first_columns(answer) != texts{name_of(id)};
          }
        } catch (const std::exception& error) {
          ADD_FAILURE() << error.what();
          return;
        }
    });
  for (int i = 0; i < 40; ++i)
    postgres::shared().exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
        "AND client_addr IS NOT NULL ORDER BY random() LIMIT 1");
  stop = true;
  all.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answered, 0);
}

TEST_F(lane_trouble, of_a_client_that_goes_while_its_unit_is_queued_is_nobodys) {
  start("size = 1");
  closed_gate gate;
  gate.stop(*head);
  queue_all();
  behind[1].abandon();
  behind[4].goodbye();
  ASSERT_TRUE(eventually([&] { return pgweir->metric("pgweir_client_connections") == 5; }));
  gate.open();
  EXPECT_EQ(first_columns(head->read_until_ready()), texts{"open"});
  for (const int i : {0, 2, 3, 5})
    EXPECT_EQ(first_columns(behind[static_cast<std::size_t>(i)].read_until_ready()), texts{name_of(i + 1)});
}

TEST_F(lane_trouble, of_a_head_that_goes_while_it_waits_for_a_lock_ends_with_a_cancel) {
  start("size = 1");
  closed_gate gate;
  gate.stop(*head);
  queue_all();
  head->abandon();
  expect_their_answers();
  EXPECT_EQ(gate.stopped(), 0);
}

TEST_F(lane_trouble, of_clients_that_ask_and_go_at_once_is_nobodys) {
  start("size = 1");
  auto stays = wire_client::postgres(pgweir->tcp());
  for (int id = 1; id <= 100; ++id) {
    auto brief = wire_client::postgres(pgweir->tcp());
    brief.send(number(id + 500) + (id % 2 == 0 ? frontend::terminate() : ""));
    brief.abandon();
    EXPECT_EQ(first_columns(stays.ask(number(id))), texts{name_of(id)});
  }
  EXPECT_TRUE(eventually([&] { return pgweir->metric("pgweir_client_connections") == 8; }));
}

TEST_F(lane_trouble, of_a_client_that_does_not_read_a_huge_answer_holds_up_nobody_for_long) {
  start("size = 2\nclient_write_timeout = \"60s\"");
  constexpr int huge = 50'000'000;
  head->send(repeated(huge));
  ASSERT_TRUE(head->has_input(std::chrono::seconds{20}));
  auto client = wire_client::postgres(pgweir->tcp());
  for (int id = 1; id <= 20; ++id) EXPECT_EQ(first_columns(client.ask(number(id))), texts{name_of(id)});
  EXPECT_LT(pgweir->resident(), 200u << 20);
  EXPECT_EQ(first_columns(head->read_until_ready()).at(0).size(), std::size_t{huge});
  EXPECT_EQ(first_columns(head->ask(number(8))), texts{"n8"});
}

TEST_F(lane_trouble, of_a_client_that_never_reads_its_answer_ends_with_that_client) {
  start("size = 1\nclient_write_timeout = \"500ms\"");
  head->send(repeated(50'000'000));
  ASSERT_TRUE(head->has_input(std::chrono::seconds{20}));
  auto client = wire_client::postgres(pgweir->tcp());
  for (int id = 1; id <= 20; ++id) EXPECT_EQ(first_columns(client.ask(number(id))), texts{name_of(id)});
  EXPECT_EQ(lanes_closed("client_stalled"), 1);
  EXPECT_THROW(head->read_until_ready(), std::runtime_error);
}

// The postmaster ends all other backends, too, and starts anew.
TEST(lane_on_a_server, that_crashes_is_told_to_the_head_and_the_others_are_answered_after_it) {
  postgres own;
  own.exec("CREATE TABLE gate (v text); INSERT INTO gate VALUES ('open')");
  pgweir_process pgweir{
      pgweir_options{.top = "workers = 1",
                     .rest = pgweir_process::trusting(own.server() + " password=postgres",
                                                      "lane_expected_time = \"1s\"\nsize = 1")}};
  const auto through = frontend::query("SELECT v FROM gate");
  const auto plain = frontend::query("SELECT 1 + 1");
  warm_up(pgweir, through);
  warm_up(pgweir, plain);
  auto locks = wire_client::postgres({own.directory(), own.port()});
  locks.ask_sql("BEGIN; LOCK TABLE gate");
  auto head = wire_client::postgres(pgweir.tcp());
  head.send(through);
  const std::string waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  ASSERT_TRUE(eventually([&] { return own.value("SELECT count(*) " + waiting) == "1"; }));
  const auto pid = static_cast<pid_t>(std::stol(own.value("SELECT pid " + waiting)));
  std::vector<wire_client> behind;
  for (int i = 0; i < 5; ++i) {
    behind.push_back(wire_client::postgres(pgweir.tcp()));
    behind.back().send(plain);
  }
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_EQ(sqlstate_of(head.read_until_ready()), "08006");
  for (auto& one : behind) EXPECT_EQ(first_columns(one.read_until_ready()), texts{"2"});
}

}  // namespace
}  // namespace pgweir::test
