// What the rules of lanes do together, in simulated time: bench/simulate_lanes.cpp prints more of it.
#include "bench/lane_simulation.hpp"

#include <gtest/gtest.h>

namespace pgweir::bench {
namespace {

using namespace std::chrono_literals;

struct both {
  simulation_result off, automatic;
};

both compare(const simulated_load& load) {
  config::pool_settings settings;
  settings.size = 8;
  settings.multiplex = config::multiplex::off;
  auto off = simulate(load, settings, {}, 5s);
  settings.multiplex = config::multiplex::automatic;
  return {std::move(off), simulate(load, settings, {}, 5s)};
}

TEST(lanes_in_simulated_time, cost_nothing_at_low_load) {
  const auto waits = compare({.short_rate = 2'000, .long_rate = 20});
  ASSERT_GT(waits.automatic.short_units.count(), 9'000u);
  EXPECT_LE(waits.automatic.short_units.percentile(0.99), waits.off.short_units.percentile(0.99));
  EXPECT_EQ(waits.automatic.long_units.percentile(0.99), 0ns);
}

TEST(lanes_in_simulated_time, keep_short_units_from_waiting_behind_long_ones) {
  const auto waits =
      compare({.short_rate = 10'000, .long_rate = 120, .long_time = 50ms, .long_sleeps = true});
  ASSERT_GT(waits.off.short_units.percentile(0.99), 20ms) << "the pool is all but full";
  EXPECT_LT(waits.automatic.short_units.percentile(0.99), 1ms);
  EXPECT_LT(waits.automatic.long_units.percentile(0.99), waits.off.long_units.percentile(0.99) * 3 / 2);
}

TEST(lanes_in_simulated_time, take_no_backend_from_long_units_for_a_few_short_ones) {
  const auto waits = compare({.short_rate = 20, .long_rate = 140, .long_time = 50ms, .long_sleeps = true});
  EXPECT_LT(waits.automatic.short_units.percentile(0.99), waits.off.short_units.percentile(0.99));
  EXPECT_LT(waits.automatic.long_units.percentile(0.99), waits.off.long_units.percentile(0.99) * 3 / 2);
}

TEST(lanes_in_simulated_time, answer_more_than_leases_when_nothing_but_the_server_is_the_limit) {
  const auto done = compare({.clients = 64});
  EXPECT_GT(done.automatic.short_units.count(), done.off.short_units.count() * 11 / 10);
  EXPECT_LT(done.automatic.short_units.percentile(0.99), done.off.short_units.percentile(0.99) * 3 / 2);
}

TEST(lanes_in_simulated_time, survive_heads_that_get_stuck) {
  const auto waits = compare({.short_rate = 15'000, .long_rate = 60, .stuck_share = 0.0005});
  EXPECT_LE(waits.automatic.short_units.percentile(0.5), waits.off.short_units.percentile(0.5));
  EXPECT_LT(waits.automatic.short_units.percentile(1), 200ms) << "none waits for the whole of it";
}

TEST(lanes_in_simulated_time, are_the_same_each_time) {
  const simulated_load load{.short_rate = 10'000, .long_rate = 200};
  const auto first = compare(load).automatic, second = compare(load).automatic;
  EXPECT_EQ(first.short_units.count(), second.short_units.count());
  EXPECT_EQ(first.short_units.percentile(0.99), second.short_units.percentile(0.99));
}

}  // namespace
}  // namespace pgweir::bench
