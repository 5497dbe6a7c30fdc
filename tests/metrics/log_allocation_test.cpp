#include "metrics/log.hpp"
#include "tests/metrics/allocations.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::metrics::log {
namespace {

TEST(log, allocates_nothing_for_a_level_that_is_off) {
  start(level::error, format::text, [](std::string_view) {});
  const std::string user = "alice";
  const auto log_query = [&user](level severity) {
    event(severity, "query", {{"user", user}, {"number", 7}, {"seconds", 0.5}});
  };
  const std::size_t before = test::allocations_of_this_thread();
  for (int i = 0; i < 100; ++i) log_query(level::debug);
  EXPECT_EQ(test::allocations_of_this_thread(), before);
  log_query(level::error);
  EXPECT_GT(test::allocations_of_this_thread(), before) << "else the counter does not count";
  stop();
}

}  // namespace
}  // namespace pgweir::metrics::log
