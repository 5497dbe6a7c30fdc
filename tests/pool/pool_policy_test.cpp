#include "pool/pool_policy.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool::policy {
namespace {

using metrics::close_reason;
using namespace std::chrono_literals;

struct supply_case {
  const char* what;
  pool_snapshot now;
  supply expected;
};

TEST(pool_policy, finds_the_next_backend_for_a_waiter) {
  const supply_case table[] = {
      {"empty pool", {.max_size = 2}, supply::open},
      {"room left", {.max_size = 2, .open = 1}, supply::open},
      {"a sibling's idle one before a new one", {.max_size = 2, .idle_elsewhere = true}, supply::hand_over},
      {"a sibling's idle one when full",
       {.max_size = 2, .open = 2, .idle_elsewhere = true},
       supply::hand_over},
      {"a sibling's idle one while the server is down",
       {.max_size = 2, .idle_elsewhere = true, .backing_off = true},
       supply::hand_over},
      {"the sibling has not answered", {.max_size = 2, .idle_elsewhere = true, .asking = true}, supply::wait},
      {"full", {.max_size = 2, .open = 2}, supply::wait},
      {"server failed a moment ago", {.max_size = 2, .backing_off = true}, supply::wait},
      {"enough logins under way", {.max_size = 20, .open = 4, .attempts = most_attempts}, supply::wait},
      {"full, another profile is idle",
       {.max_size = 2, .open = 2, .idle_here = 1, .may_replace = true},
       supply::replace},
      {"full, the idle one is not to be replaced yet",
       {.max_size = 2, .open = 2, .idle_here = 1},
       supply::wait},
      {"another profile is idle but there is room",
       {.max_size = 2, .open = 1, .idle_here = 1, .may_replace = true},
       supply::open},
      {"never close a good one while the server is down",
       {.max_size = 1, .open = 1, .idle_here = 1, .backing_off = true, .may_replace = true},
       supply::wait},
  };
  for (const auto& one : table) EXPECT_EQ(next_supply(one.now), one.expected) << one.what;
}

TEST(pool_policy, changes_a_profile_at_once_only_where_it_costs_nobody) {
  EXPECT_TRUE(may_change_profile(0ms, 3, false));              // nobody else wants it
  EXPECT_TRUE(may_change_profile(0ms, 0, true));               // the waiter's profile has no backend at all
  EXPECT_FALSE(may_change_profile(0ms, 1, true));              // one of its own will come back
  EXPECT_TRUE(may_change_profile(profile_patience, 1, true));  // but it did not
}

TEST(pool_policy, lets_a_sibling_go_first_only_if_it_waited_clearly_longer) {
  EXPECT_TRUE(sibling_goes_first(100ms, std::nullopt));
  EXPECT_TRUE(sibling_goes_first(100ms, 103ms));
  EXPECT_FALSE(sibling_goes_first(100ms, 101ms));
  EXPECT_FALSE(sibling_goes_first(100ms, 50ms));
}

struct close_case {
  const char* what;
  idle_facts now;
  std::optional<close_reason> expected;
};

TEST(pool_policy, knows_which_idle_backends_have_to_go) {
  config::pool_settings settings;
  settings.min_size = 2;
  settings.server_lifetime = 60s;
  settings.server_idle_timeout = 10s;
  const close_case table[] = {
      {"young and busy", {.age = 1s, .idle_for = 1s, .open = 5}, std::nullopt},
      {"too old", {.age = 60s, .idle_for = 1s, .open = 5}, close_reason::lifetime},
      {"too old, at the minimum: a new one follows",
       {.age = 60s, .idle_for = 1s, .open = 2},
       close_reason::lifetime},
      {"idle for long", {.age = 20s, .idle_for = 10s, .open = 3}, close_reason::idle},
      {"idle for long, at the minimum", {.age = 20s, .idle_for = 10s, .open = 2}, std::nullopt},
      {"template database",
       {.age = 1s, .idle_for = 0s, .open = 1, .template_database = true},
       close_reason::idle},
  };
  for (const auto& one : table) EXPECT_EQ(reason_to_close(one.now, settings), one.expected) << one.what;
}

TEST(pool_policy, takes_a_timeout_of_zero_as_none) {
  config::pool_settings settings;
  settings.server_lifetime = settings.server_idle_timeout = 0ms;
  EXPECT_EQ(reason_to_close({.age = 1000h, .idle_for = 1000h, .open = 9}, settings), std::nullopt);
}

TEST(pool_policy, fills_up_to_the_minimum_in_small_steps) {
  config::pool_settings settings;
  settings.size = 20;
  settings.min_size = 10;
  EXPECT_EQ(missing_to_minimum(10, 0, false, settings), 0u);
  EXPECT_EQ(missing_to_minimum(8, 0, false, settings), 2u);
  EXPECT_EQ(missing_to_minimum(0, 0, false, settings), most_attempts);
  EXPECT_EQ(missing_to_minimum(3, 3, false, settings), 1u);
  EXPECT_EQ(missing_to_minimum(4, most_attempts, false, settings), 0u);
  EXPECT_EQ(missing_to_minimum(0, 0, true, settings), 0u);
  settings.size = 1;
  EXPECT_EQ(missing_to_minimum(0, 0, false, settings), 1u);
}

}  // namespace
}  // namespace pgweir::pool::policy
