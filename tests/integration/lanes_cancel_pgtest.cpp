// Cancel requests and timeouts on a lane end the query that they are meant for, and no other.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>

namespace pgweir::test {
namespace {

constexpr const char* canceled = "57014";
using texts = std::vector<std::string>;

// A soak raises it: the requests of one storm.
int storm_size() {
  const char* given = std::getenv("PGWEIR_CANCELS");
  return given == nullptr ? 5000 : std::atoi(given);
}

class lane_cancel : public warm_lanes {
 protected:
  void start(const std::string& pool) {
    start_warm(pool);
    first.emplace(wire_client::postgres(pgweir->tcp()));
    second.emplace(wire_client::postgres(pgweir->tcp()));
  }

  std::optional<wire_client> first;
  std::optional<wire_client> second;
};

// Some milliseconds, so that requests find it running.
const std::string busy = frontend::query("SELECT count(*) FROM generate_series(1, 10000)");

// An answer to `busy`: the right one, or that it was cancelled.
bool is_cancelled(const std::vector<backend_message>& answer) {
  const auto state = sqlstate_of(answer);
  if (state == canceled) return true;
  EXPECT_EQ(state, "");
  EXPECT_EQ(first_columns(answer), texts{"10000"});
  return false;
}

TEST_F(lane_cancel, storm_for_one_client_is_never_felt_by_another_on_the_same_lane) {
  start("size = 1");
  warm_up(*pgweir, busy);
  warm_up(*pgweir, frontend::query("SELECT 1 + 0"));
  const auto before = units_on_lanes(*pgweir);
  background_reads others{pgweir->tcp(), 3};
  std::atomic<int> left = storm_size();
  std::vector<std::jthread> storm;
  for (int i = 0; i < 3; ++i)
    storm.emplace_back([&] {
      while (left-- > 0) send_cancel(pgweir->tcp(), first->process_id(), first->key());
    });
  int hits = 0;
  while (left > 0) hits += is_cancelled(first->ask(busy));
  storm.clear();
  others.expect_all_well();
  EXPECT_GT(hits, 0);
  EXPECT_GT(units_on_lanes(*pgweir), before);
}

TEST_F(lane_cancel, at_any_moment_of_a_query_is_never_felt_by_another_on_the_same_lane) {
  start("size = 1");
  warm_up(*pgweir, busy);
  warm_up(*pgweir, frontend::query("SELECT 1 + 0"));
  const auto before = units_on_lanes(*pgweir);
  background_reads others{pgweir->tcp(), 3};
  int hits = 0;
  for (int turn = 0; turn < 400; ++turn) {
    first->send(busy);
    std::this_thread::sleep_for(std::chrono::microseconds{turn * 37 % 4000});
    first->cancel();
    hits += is_cancelled(first->read_until_ready());
  }
  others.expect_all_well();
  EXPECT_GT(hits, 0);
  EXPECT_GT(units_on_lanes(*pgweir), before);
  EXPECT_GT(pgweir->metric("pgweir_cancels_total", "forwarded"), 0);
}

TEST_F(lane_cancel, of_the_head_ends_it_and_the_one_behind_is_answered) {
  start("size = 1");
  closed_gate gate;
  gate.stop(*first);
  ASSERT_TRUE(queue_up(*pgweir, *second, number(7)));
  first->cancel();
  EXPECT_EQ(sqlstate_of(first->read_until_ready()), canceled);
  EXPECT_EQ(first_columns(second->read_until_ready()), texts{"n7"});
  EXPECT_EQ(first_columns(first->ask(number(8))), texts{"n8"});
}

TEST_F(lane_cancel, of_a_queued_unit_is_answered_while_the_head_still_waits) {
  start("size = 1");
  closed_gate gate;
  gate.stop(*first);
  ASSERT_TRUE(queue_up(*pgweir, *second, frontend::query(through_gate)));
  second->cancel();
  const auto answer = second->read_until_ready();
  EXPECT_EQ(sqlstate_of(answer), canceled);
  EXPECT_EQ(answer.back().body, "I");
  EXPECT_FALSE(first->has_input());
  gate.open();
  EXPECT_EQ(first_columns(first->read_until_ready()), texts{"open"});
  EXPECT_EQ(first_columns(second->ask(number(8))), texts{"n8"});
}

TEST_F(lane_cancel, of_a_queued_extended_unit_leaves_its_statement_undefined) {
  const std::string sql = "SELECT v FROM numbers WHERE id = 9";
  start("size = 1");
  warm_up(*pgweir, unnamed(sql));
  const auto prepares = frontend::parse("s", sql) + run_of("s");
  closed_gate gate;
  gate.stop(*first);
  ASSERT_TRUE(queue_up(*pgweir, *second, prepares));
  second->cancel();
  EXPECT_EQ(sqlstate_of(second->read_until_ready()), canceled);
  gate.open();
  first->read_until_ready();
  EXPECT_EQ(sqlstate_of(second->ask(run_of("s"))), "26000");
  EXPECT_EQ(first_columns(second->ask(prepares)), texts{"n9"});
}

TEST_F(lane_cancel, after_the_answer_hits_nobody) {
  start("size = 1");
  const auto before = units_on_lanes(*pgweir);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::jthread others([&] {
    while (!stop) wrong += first_columns(second->ask(number(5))) != texts{"n5"};
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(first_columns(first->ask(number(6))), texts{"n6"});
    first->cancel();
  }
  stop = true;
  others.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(units_on_lanes(*pgweir), before + 200);
}

TEST_F(lane_cancel, by_query_timeout_ends_the_head_and_the_one_behind_is_answered) {
  start("size = 1\nquery_timeout = \"400ms\"");
  closed_gate gate;
  gate.stop(*first);
  ASSERT_TRUE(queue_up(*pgweir, *second, number(7)));
  EXPECT_EQ(sqlstate_of(first->read_until_ready()), canceled);
  EXPECT_EQ(first_columns(second->read_until_ready()), texts{"n7"});
  EXPECT_EQ(first_columns(first->ask(number(8))), texts{"n8"});
}

TEST_F(lane_cancel, by_query_wait_timeout_ends_the_queued_one_and_leaves_the_head_alone) {
  const std::string sql = "SELECT v FROM numbers WHERE id = 7";
  start("size = 1\nquery_wait_timeout = \"400ms\"");
  warm_up(*pgweir, unnamed(sql));
  closed_gate gate;
  gate.stop(*first);
  ASSERT_TRUE(queue_up(*pgweir, *second, unnamed(sql)));
  const auto answer = second->read_until_ready();
  EXPECT_EQ(types_of(answer), "EZ");
  EXPECT_EQ(answer.front().sqlstate(), canceled);
  EXPECT_NE(answer.front().field('D').find("queued behind"), std::string::npos);
  EXPECT_FALSE(first->has_input());
  gate.open();
  EXPECT_EQ(first_columns(first->read_until_ready()), texts{"open"});
  EXPECT_EQ(first_columns(second->ask(number(8))), texts{"n8"});
}

TEST_F(lane_cancel, by_the_servers_statement_timeout_is_told_to_its_client_once) {
  postgres::shared().exec(
      "DROP ROLE IF EXISTS hurried; CREATE ROLE hurried SUPERUSER LOGIN PASSWORD 'postgres'; "
      "ALTER ROLE hurried SET statement_timeout = '700ms'");
  const parameters hurried{{"user", "hurried"}, {"database", "postgres"}};
  start("size = 1");
  warm_up(*pgweir, number(1), hurried);
  warm_up(*pgweir, frontend::query(through_gate), hurried);
  auto head = wire_client::log_in(pgweir->tcp(), hurried);
  auto behind = wire_client::log_in(pgweir->tcp(), hurried);
  closed_gate gate;
  gate.stop(head);
  ASSERT_TRUE(queue_up(*pgweir, behind, number(7)));
  const auto answer = head.read_until_ready();
  EXPECT_EQ(types_of(answer), "EZ");
  EXPECT_NE(answer.front().field('M').find("statement timeout"), std::string::npos);
  EXPECT_EQ(first_columns(behind.read_until_ready()), texts{"n7"});
  EXPECT_EQ(first_columns(head.ask(number(8))), texts{"n8"});
}

}  // namespace
}  // namespace pgweir::test
