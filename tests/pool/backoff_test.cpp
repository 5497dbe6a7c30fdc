#include "pool/backoff.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

using std::chrono::milliseconds;

TEST(pool_backoff, doubles_from_100_ms_to_5_s) {
  backoff pauses;
  for (const auto expected : {100, 200, 400, 800, 1600, 3200, 5000, 5000})
    EXPECT_EQ(pauses.next(0).count(), expected / 2);
}

TEST(pool_backoff, stays_within_half_and_all_of_the_step) {
  backoff low, high;
  for (int i = 0; i < 10; ++i) {
    const auto least = low.next(0), most = high.next(0.999999);
    EXPECT_LT(least, most);
    EXPECT_GE(2 * least, most);
    EXPECT_LE(most, backoff::longest);
  }
}

TEST(pool_backoff, starts_anew_after_a_success) {
  backoff pauses;
  pauses.next(0.5);
  pauses.next(0.5);
  pauses.reset();
  EXPECT_EQ(pauses.next(0), milliseconds{50});
}

}  // namespace
}  // namespace pgweir::pool
