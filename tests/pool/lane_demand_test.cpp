#include "pool/lane_demand.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// `times` units, one every `gap`; the time of the last one.
nanoseconds note_every(lane_demand& demand, nanoseconds gap, int times, nanoseconds now = 1h) {
  for (int i = 0; i < times; ++i) demand.note(now += gap);
  return now;
}

TEST(lane_demand, a_pool_in_which_nothing_may_share_leaves_nothing_to_lanes) {
  EXPECT_FALSE(lane_demand{}.is_worth_a_backend(1h));
}

TEST(lane_demand, a_few_units_are_worth_no_backend) {
  lane_demand demand;
  EXPECT_FALSE(demand.is_worth_a_backend(note_every(demand, 1ms, 4)));
}

TEST(lane_demand, rare_units_never_add_up) {
  lane_demand demand;
  EXPECT_FALSE(demand.is_worth_a_backend(note_every(demand, 50ms, 1000)));
}

TEST(lane_demand, many_units_do_and_are_remembered_over_a_pause_but_not_for_ever) {
  lane_demand demand;
  const auto last = note_every(demand, 1ms, 1000);
  EXPECT_TRUE(demand.is_worth_a_backend(last));
  EXPECT_TRUE(demand.is_worth_a_backend(last + 100ms));
  EXPECT_FALSE(demand.is_worth_a_backend(last + 101ms));
}

TEST(lane_demand, a_burst_counts_as_much_as_units_that_come_one_by_one) {
  lane_demand demand;
  EXPECT_TRUE(demand.is_worth_a_backend(note_every(demand, 0ms, 20)));
}

}  // namespace
}  // namespace pgweir::pool
