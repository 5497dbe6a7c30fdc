#include "pool/lane_policy.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool::policy {
namespace {

using namespace std::chrono_literals;

// Bounds that are easy to see: ten units or 8 ms on a lane, ten backends.
config::pool_settings settings_of(std::size_t lanes = 0) {
  config::pool_settings settings;
  settings.size = 10;
  settings.lanes = lanes;
  settings.lane_depth = 10;
  settings.lane_expected_time = 8ms;
  return settings;
}

struct room_case {
  const char* what;
  lane_load lane;
  nanoseconds unit;
  nanoseconds now;
  bool expected;
};

TEST(lane_policy, lets_a_unit_join_a_lane_within_its_bounds_only) {
  const room_case table[] = {
      {"nobody is there", {}, 50us, 1s, true},
      {"nobody is there, whatever it takes", {}, 9ms, 1s, true},
      {"nobody is there, and the head of former times is long ago", {.head_since = 1ms}, 50us, 1s, true},
      {"the last place", {.depth = 9, .expected = 1ms, .head_since = 1s}, 50us, 1s, true},
      {"every place is taken", {.depth = 10, .expected = 1ms, .head_since = 1s}, 50us, 1s, false},
      {"just within the time", {.depth = 2, .expected = 7ms, .head_since = 1s}, 1ms, 1s, true},
      {"over the time", {.depth = 2, .expected = 7ms, .head_since = 1s}, 1001us, 1s, false},
      {"the head takes a quarter of the bound", {.depth = 1, .head_since = 1s}, 50us, 1002ms, true},
      {"the head takes longer than that", {.depth = 1, .head_since = 1s}, 50us, 1003ms, false},
      {"its backend is needed elsewhere", {.depth = 1, .head_since = 1s, .draining = true}, 50us, 1s, false},
      {"drained, and not yet given back", {.draining = true}, 50us, 1s, false},
  };
  for (const auto& one : table)
    EXPECT_EQ(has_room(one.lane, one.unit, one.now, settings_of()), one.expected) << one.what;
}

TEST(lane_policy, takes_a_lane_from_a_head_that_holds_up_the_others) {
  auto settings = settings_of();
  EXPECT_EQ(stall_limit(settings), 20ms) << "never sooner: the timer itself is no finer";
  settings.lane_expected_time = 50ms;
  EXPECT_EQ(stall_limit(settings), 50ms) << "the head alone has the time of a whole queue";
}

TEST(lane_policy, expects_room_from_a_draining_lane_unless_its_head_is_stuck) {
  const auto settings = settings_of();
  EXPECT_FALSE(will_end_soon({.depth = 1, .head_since = 1s}, 1s, settings)) << "it goes on taking units";
  EXPECT_TRUE(will_end_soon({.depth = 9, .head_since = 1s, .draining = true}, 1019ms, settings));
  EXPECT_FALSE(will_end_soon({.depth = 1, .head_since = 1s, .draining = true}, 1020ms, settings));
}

TEST(lane_policy, shares_only_statements_of_which_many_fit_on_one_lane) {
  auto settings = settings_of();
  EXPECT_EQ(longest_shared(settings), 400us);
  settings.lane_expected_time = 20ms;
  EXPECT_EQ(longest_shared(settings), 1ms);
}

TEST(lane_policy, makes_as_many_backends_lanes_as_the_settings_allow) {
  EXPECT_EQ(most_lanes(settings_of(0)), 10u) << "pgweir chooses: all of them";
  EXPECT_EQ(most_lanes(settings_of(3)), 3u) << "the operator has chosen";
  EXPECT_EQ(most_lanes(settings_of(11)), 10u) << "never more than there are backends";
}

TEST(lane_policy, is_crowded_by_more_units_than_backends) {
  EXPECT_FALSE(is_crowded(7.0, 8));
  EXPECT_FALSE(is_crowded(8.0, 8)) << "one for each";
  EXPECT_TRUE(is_crowded(8.1, 8)) << "the end of a burst counts, too";
}

TEST(lane_policy, remembers_a_burst_for_some_hundred_units) {
  EXPECT_EQ(decayed_peak(4.0, 64), 64.0) << "a new peak counts in full at once";
  EXPECT_LT(decayed_peak(64.0, 1), 64.0);
  double peak = 64;
  int units = 0;
  for (; peak > 8; ++units) peak = decayed_peak(peak, 1);
  EXPECT_GT(units, 200) << "a pause between two batches is no low load";
  EXPECT_LT(units, 1000) << "and it passes";
  for (; units < 10'000; ++units) peak = decayed_peak(peak, 3);
  EXPECT_EQ(peak, 3.0) << "never below what is under way";
}

struct place_case {
  const char* what;
  unit_snapshot now;
  place expected;
  std::size_t lanes_allowed = 0;
};

TEST(lane_policy, finds_the_place_of_a_unit) {
  const place_case table[] = {
      {"nothing is there", {}, place::none},
      {"an idle backend, no lane", {.idle_fits = true}, place::idle_backend},
      {"a lane alone", {.lane_fits = true, .lanes = 1}, place::lane},
      {"at low load each has its own",
       {.idle_fits = true, .lane_fits = true, .lanes = 5},
       place::idle_backend},
      {"a crowd begins the first lanes",
       {.idle_fits = true, .lane_fits = true, .crowded = true, .lanes = 1, .packed_lanes = 2},
       place::idle_backend},
      {"and is packed from then on",
       {.idle_fits = true, .lane_fits = true, .crowded = true, .lanes = 2, .packed_lanes = 2},
       place::lane},
      {"a crowd with full lanes begins another",
       {.idle_fits = true, .crowded = true, .lanes = 2, .packed_lanes = 2},
       place::idle_backend},
      {"full lanes, nothing idle", {.crowded = true, .lanes = 10, .packed_lanes = 2}, place::none},
      {"only one lane is allowed, and it fits",
       {.idle_fits = true, .lane_fits = true, .lanes = 1},
       place::lane,
       1},
      {"only one lane is allowed, and it is full", {.idle_fits = true, .lanes = 1}, place::none, 1},
      {"only one lane is allowed, and there is none yet",
       {.idle_fits = true, .crowded = true, .packed_lanes = 2},
       place::idle_backend,
       1},
  };
  for (const auto& one : table)
    EXPECT_EQ(place_unit(one.now, settings_of(one.lanes_allowed)), one.expected) << one.what;
}

struct growth_case {
  const char* what;
  unit_snapshot now;
  bool expected;
  std::size_t lanes_allowed = 0;
};

TEST(lane_policy, connects_another_backend_only_where_it_would_shorten_the_queue) {
  const growth_case table[] = {
      {"units queue up on the only backend", {.lane_fits = true, .lanes = 1}, true},
      {"another one is idle", {.idle_fits = true, .lane_fits = true, .lanes = 1}, false},
      {"at low load, one for each", {.lane_fits = true, .lanes = 9, .packed_lanes = 2}, true},
      {"in a crowd, as many as it is packed onto",
       {.lane_fits = true, .crowded = true, .lanes = 1, .packed_lanes = 2},
       true},
      {"but no more", {.lane_fits = true, .crowded = true, .lanes = 2, .packed_lanes = 2}, false},
      {"every backend is a lane", {.lane_fits = true, .lanes = 10}, false},
      {"no more lanes are allowed", {.lane_fits = true, .lanes = 1}, false, 1},
      {"no more lanes are allowed in a crowd",
       {.lane_fits = true, .crowded = true, .lanes = 1, .packed_lanes = 2},
       false,
       1},
  };
  for (const auto& one : table)
    EXPECT_EQ(wants_another_lane(one.now, settings_of(one.lanes_allowed)), one.expected) << one.what;
}

TEST(lane_policy, units_that_share_a_sync_are_given_up_long_before_a_server_looks_for_deadlocks) {
  config::pool_settings settings;
  EXPECT_EQ(batch_stall_limit(settings), stall_limit(settings));
  settings.lane_expected_time = std::chrono::seconds{5};
  EXPECT_EQ(batch_stall_limit(settings), longest_batch);
}

TEST(lane_policy, a_head_is_stalled_after_the_limit_and_later_if_its_answer_has_come_unread) {
  const auto settings = settings_of(0);
  const auto limit = stall_limit(settings);
  EXPECT_FALSE(is_stalled(limit - 1ns, false, limit));
  EXPECT_TRUE(is_stalled(limit, false, limit));
  EXPECT_FALSE(is_stalled(3 * limit - 1ns, true, limit));
  EXPECT_TRUE(is_stalled(3 * limit, true, limit)) << "a long answer that never ends";
}

struct lease_case {
  const char* what;
  lease_snapshot now;
  bool keeps;
  bool drains;
};

TEST(lane_policy, leaves_one_backend_to_the_lanes_but_not_for_ever) {
  const lease_case table[] = {
      {"a pool of one gives its lane up", {.open = 1, .lanes = 1, .lanes_wanted = true}, false, true},
      {"a pool of two gives up both", {.open = 2, .lanes = 1, .lanes_wanted = true}, false, true},
      {"the last lane of three is kept", {.open = 3, .lanes = 1, .lanes_wanted = true}, true, false},
      {"the second one is not", {.open = 3, .lanes = 2, .lanes_wanted = true}, true, true},
      {"one of three is kept even while there is no lane", {.open = 3, .lanes_wanted = true}, true, false},
      {"without lanes there is nothing to drain", {.open = 1}, false, false},
      {"no unit came for a while", {.open = 3, .lanes = 1}, false, true},
      {"the session is patient yet",
       {.open = 3, .lanes = 1, .lanes_wanted = true, .waited = lease_patience - 1us, .since_lease_end = 1h},
       true,
       false},
      {"the others' leases end, so its turn will come",
       {.open = 3, .lanes = 1, .lanes_wanted = true, .waited = 1h, .since_lease_end = lease_patience - 1us},
       true,
       false},
      {"neither is so",
       {.open = 3,
        .lanes = 1,
        .lanes_wanted = true,
        .waited = lease_patience,
        .since_lease_end = lease_patience},
       false,
       true},
      {"who comes this moment has waited less than nothing",
       {.open = 3, .lanes = 1, .lanes_wanted = true, .waited = nanoseconds::min(), .since_lease_end = 1h},
       true,
       false},
  };
  for (const auto& one : table) {
    EXPECT_EQ(keeps_lane(one.now), one.keeps) << one.what;
    EXPECT_EQ(must_drain_one(one.now), one.drains) << one.what;
  }
}

}  // namespace
}  // namespace pgweir::pool::policy
