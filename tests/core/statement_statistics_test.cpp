// What statistics say of a statement: proven only if it was fast and small often enough, and is so now.
#include "proxy/core/statement_statistics.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace std::chrono_literals;
using statistics = core::statement_statistics;
using verdict = statistics::verdict;

constexpr auto limit = 1ms;

void observe(statistics& all, std::uint64_t key, int times, std::chrono::nanoseconds took,
             std::size_t bytes = 100) {
  for (int i = 0; i < times; ++i) all.observe(key, took, bytes, limit);
}
verdict judge(statistics& all, std::uint64_t key) { return all.look_up(key, limit).judged; }

TEST(statement_statistics, a_statement_never_seen_is_unproven) {
  statistics none;
  EXPECT_EQ(judge(none, 1), verdict::unproven);
  EXPECT_EQ(judge(none, 0), verdict::unproven);
}

TEST(statement_statistics, the_tenth_fast_execution_proves_it) {
  statistics all;
  observe(all, 7, 9, 100us);
  EXPECT_EQ(judge(all, 7), verdict::unproven);
  observe(all, 7, 1, 100us);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  EXPECT_NEAR(static_cast<double>(all.look_up(7, limit).expected.count()), 100000.0, 1.0);
}

TEST(statement_statistics, one_execution_of_twenty_times_the_limit_makes_it_slow_at_once) {
  statistics all;
  observe(all, 7, 1000, 100us);
  observe(all, 7, 1, 20 * limit);
  EXPECT_EQ(judge(all, 7), verdict::slow);
}

TEST(statement_statistics, one_execution_of_less_is_a_hiccup_and_the_second_in_a_row_is_not) {
  statistics all;
  observe(all, 7, 1000, 100us);
  observe(all, 7, 1, 20 * limit - 1ns);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  observe(all, 7, 1, 5 * limit);
  EXPECT_EQ(judge(all, 7), verdict::slow);
}

TEST(statement_statistics, hiccups_now_and_then_cost_nothing) {
  statistics all;
  for (int i = 0; i < 100; ++i) {
    observe(all, 7, 20, 100us);
    observe(all, 7, 1, 10 * limit);
    EXPECT_EQ(judge(all, 7), verdict::proven);
  }
}

TEST(statement_statistics, the_first_execution_may_be_slow_because_nothing_is_cached_yet) {
  statistics all;
  observe(all, 7, 1, 10 * limit);
  observe(all, 7, 9, 100us);
  EXPECT_EQ(judge(all, 7), verdict::proven);
}

TEST(statement_statistics, what_is_usual_hardly_heeds_a_hiccup_but_follows_a_statement_that_stays_slow) {
  statistics all;
  observe(all, 7, 1000, 100us);
  observe(all, 7, 2, 10 * limit);
  EXPECT_LT(all.look_up(7, limit).usual, 300us);
  observe(all, 7, 64, 10 * limit);
  EXPECT_GT(all.look_up(7, limit).usual, 2 * limit);
}

TEST(statement_statistics, what_was_slow_once_is_proven_again_after_fast_executions) {
  statistics all;
  observe(all, 7, 10, 100us);
  observe(all, 7, 2, 8 * limit);
  int needed = 0;
  for (; judge(all, 7) == verdict::slow && needed < 100; ++needed) observe(all, 7, 1, 100us);
  EXPECT_GT(needed, 0);
  EXPECT_LT(needed, 10);
  EXPECT_EQ(judge(all, 7), verdict::proven);
}

TEST(statement_statistics, large_answers_make_it_large_and_small_ones_take_that_back) {
  statistics all;
  observe(all, 7, 10, 100us, statistics::small_answer + 1);
  EXPECT_EQ(judge(all, 7), verdict::large);
  observe(all, 7, 2, 100us, 0);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  observe(all, 7, 1, 100us, 8 * statistics::small_answer);
  EXPECT_EQ(judge(all, 7), verdict::large);
}

TEST(statement_statistics, statements_do_not_mix) {
  statistics all;
  observe(all, 7, 10, 100us);
  observe(all, 8, 10, 10ms);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  EXPECT_EQ(judge(all, 8), verdict::slow);
}

TEST(statement_statistics, the_table_is_bounded_and_what_is_in_use_stays) {
  statistics all;
  constexpr std::uint64_t in_use = 0x9E3779B97F4A7C15u;
  observe(all, in_use, 10, 100us);
  int known = 0;
  for (std::uint64_t i = 1; i <= 100000; ++i) {
    observe(all, i * 0xD1B54A32D192ED03u, 1, 100us);
    observe(all, in_use, 1, 100us);
    known += judge(all, in_use) == verdict::proven ? 1 : 0;
  }
  EXPECT_EQ(known, 100000);
}

TEST(statement_statistics, what_was_seen_last_outlives_what_was_not) {
  statistics all;
  // One set has room for four.
  for (std::uint64_t key = 1; key <= 4; ++key) observe(all, key, 10, 100us);
  observe(all, 1, 1, 100us);
  observe(all, 5, 10, 100us);
  EXPECT_EQ(judge(all, 1), verdict::proven);
  EXPECT_EQ(judge(all, 2), verdict::unproven);
  EXPECT_EQ(judge(all, 5), verdict::proven);
}

TEST(statement_statistics, what_was_sent_together_is_shared_out_evenly) {
  statistics all;
  for (std::uint32_t i = 1; i <= 10; ++i) all.observe_together(7, {800us, 8, i}, 100, limit);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  EXPECT_NEAR(static_cast<double>(all.look_up(7, limit).expected.count()), 100000.0, 1.0);
}

TEST(statement_statistics, a_slow_batch_says_nothing_of_its_statements) {
  statistics all;
  observe(all, 7, 20, 100us);
  all.observe_together(7, {10 * limit, 2, 1}, 100, limit);
  EXPECT_EQ(judge(all, 7), verdict::proven);
  EXPECT_NEAR(static_cast<double>(all.look_up(7, limit).expected.count()), 100000.0, 1.0);
  EXPECT_FALSE(all.look_up(7, limit).is_apart);
}

TEST(statement_statistics, the_second_slow_batch_in_a_row_sets_its_statements_apart_until_they_are_measured) {
  statistics all;
  observe(all, 7, 20, 100us);
  all.observe_together(7, {2 * limit, 2, 1}, 100, limit);
  all.observe_together(7, {limit / 2, 2, 2}, 100, limit);
  all.observe_together(7, {2 * limit, 2, 3}, 100, limit);
  all.observe_together(7, {2 * limit, 2, 3}, 100, limit);
  EXPECT_FALSE(all.look_up(7, limit).is_apart) << "twice in the same batch";
  all.observe_together(7, {2 * limit, 2, 4}, 100, limit);
  EXPECT_TRUE(all.look_up(7, limit).is_apart);
  observe(all, 7, 31, 100us);
  EXPECT_TRUE(all.look_up(7, limit).is_apart);
  observe(all, 7, 1, 100us);
  EXPECT_FALSE(all.look_up(7, limit).is_apart);
}

TEST(statement_statistics, a_batch_of_many_units_may_take_as_long_as_they_usually_do) {
  statistics all;
  observe(all, 7, 20, 100us);
  for (std::uint32_t i = 1; i <= 3; ++i) all.observe_together(7, {2 * limit, 16, i}, 100, limit);
  EXPECT_FALSE(all.look_up(7, limit).is_apart);
}

TEST(statement_statistics, only_what_is_known_can_be_set_apart) {
  statistics all;
  all.set_apart(7);
  EXPECT_FALSE(all.look_up(7, limit).is_apart);
}

TEST(statement_statistics, one_execution_of_256_is_planned_anew) {
  statistics all;
  observe(all, 7, 10, 100us);
  int anew = 0;
  for (int i = 0; i < 2560; ++i) anew += all.look_up(7, limit).is_planned_anew ? 1 : 0;
  EXPECT_EQ(anew, 10);
}

TEST(statement_statistics, know_the_worse_plan) {
  statistics all;
  observe(all, 7, 10, 100us);
  for (int i = 0; i < 2100; ++i) {
    const bool anew = i % 256 == 0;
    all.observe_plan(7, anew ? core::plan::anew : core::plan::shared, anew ? 100us : 800us);
  }
  EXPECT_TRUE(all.look_up(7, limit).shared_plan_is_worse);
  EXPECT_FALSE(all.look_up(8, limit).shared_plan_is_worse);
  all.forget_plans(7);
  EXPECT_FALSE(all.look_up(7, limit).shared_plan_is_worse);
}

TEST(statement_statistics, a_statement_with_notices_stays_by_itself) {
  statistics all;
  observe(all, 7, 10, 100us);
  EXPECT_FALSE(all.look_up(7, limit).is_apart);
  all.note_notice(7);
  observe(all, 7, 1000, 100us);
  EXPECT_TRUE(all.look_up(7, limit).is_apart);
}

}  // namespace
}  // namespace pgweir::test
