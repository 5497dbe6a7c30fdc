#include "pool/lane_tuner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace pgweir::pool {
namespace {

using std::chrono::nanoseconds;

// 64 clients that ask again as soon as they are answered, and a server with `cores` for units of 50
// microseconds; each lane more costs everybody 3 %, because batches get smaller.
std::size_t lanes_after(lane_tuner& tuned, nanoseconds& now, nanoseconds span, double cores,
                        std::size_t most) {
  const auto end = now + span;
  while (now < end) {
    const auto lanes = static_cast<double>(tuned.lanes(most));
    const double rate = std::min(lanes, cores) / 50'000 * (1 - 0.03 * lanes);
    now += nanoseconds{static_cast<std::int64_t>(1 / rate)};
    tuned.observe(now, 64, most);
  }
  return tuned.lanes(most);
}

TEST(lane_tuner, gives_a_server_with_many_cores_many_lanes) {
  lane_tuner tuned;
  nanoseconds now{1};
  EXPECT_GE(lanes_after(tuned, now, std::chrono::seconds{20}, 8, 20), 7u);
}

TEST(lane_tuner, gives_a_server_with_few_cores_few_lanes) {
  lane_tuner tuned;
  nanoseconds now{1};
  EXPECT_LE(lanes_after(tuned, now, std::chrono::seconds{20}, 1, 20), 2u);
}

TEST(lane_tuner, follows_a_server_that_loses_its_cores_to_others) {
  lane_tuner tuned;
  nanoseconds now{1};
  lanes_after(tuned, now, std::chrono::seconds{20}, 8, 20);
  EXPECT_LE(lanes_after(tuned, now, std::chrono::seconds{30}, 2, 20), 4u);
}

TEST(lane_tuner, never_goes_beyond_the_limit_nor_below_one) {
  lane_tuner tuned;
  nanoseconds now{1};
  for (int i = 0; i < 20; ++i) {
    const auto lanes = lanes_after(tuned, now, std::chrono::milliseconds{500}, i % 2 == 0 ? 16 : 1, 3);
    EXPECT_GE(lanes, 1u);
    EXPECT_LE(lanes, 3u);
  }
}

TEST(lane_tuner, gives_up_at_once_a_lane_less_under_which_units_pile_up) {
  lane_tuner tuned;
  nanoseconds now{1};
  const auto usual = tuned.lanes(20);
  std::size_t under_way = 10;
  // Until it tries another number.
  for (int i = 0; i < 1'000'000 && tuned.lanes(20) == usual; ++i)
    tuned.observe(now += std::chrono::microseconds{50}, under_way, 20);
  ASSERT_NE(tuned.lanes(20), usual);
  tuned.observe(now += std::chrono::microseconds{50}, 3 * under_way, 20);
  EXPECT_EQ(tuned.lanes(20), usual);
}

}  // namespace
}  // namespace pgweir::pool
