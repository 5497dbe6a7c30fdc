// Whether a shared plan is worse than plans made for each execution, held against each other at the same
// time.
#include "proxy/core/plan_comparison.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace std::chrono_literals;
using core::plan;

// Windows of 1024 executions on the shared plan.
void windows(core::plan_comparison& all, int count, std::chrono::nanoseconds shared,
             std::chrono::nanoseconds anew) {
  for (int i = 0; i < count * 1024; ++i) {
    if (i % 256 == 0) all.add(plan::anew, anew);
    all.add(plan::shared, shared);
  }
}

bool is_worse_after(int count, std::chrono::nanoseconds shared, std::chrono::nanoseconds anew) {
  core::plan_comparison all;
  windows(all, count, shared, anew);
  return all.shared_is_worse();
}

TEST(plan_comparison, a_plan_several_times_as_slow_is_worse) { EXPECT_TRUE(is_worse_after(2, 800us, 110us)); }

TEST(plan_comparison, one_slow_window_is_chance) {
  core::plan_comparison all;
  windows(all, 1, 800us, 110us);
  EXPECT_FALSE(all.shared_is_worse());
  windows(all, 1, 50us, 110us);
  windows(all, 1, 800us, 110us);
  EXPECT_FALSE(all.shared_is_worse());
}

TEST(plan_comparison, what_the_machine_slows_down_alike_is_no_worse) {
  core::plan_comparison all;
  windows(all, 4, 30us, 50us);
  windows(all, 4, 3ms, 3ms);
  EXPECT_FALSE(all.shared_is_worse());
}

TEST(plan_comparison, a_difference_that_planning_may_make_does_not_count) {
  EXPECT_FALSE(is_worse_after(4, 150us, 30us));
}

TEST(plan_comparison, without_enough_to_compare_with_nothing_is_said) {
  core::plan_comparison all;
  for (int i = 0; i < 5000; ++i) all.add(plan::shared, 800us);
  EXPECT_FALSE(all.shared_is_worse());
}

}  // namespace
}  // namespace pgweir::test
