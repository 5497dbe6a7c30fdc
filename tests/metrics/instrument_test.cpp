#include "metrics/instrument.hpp"

#include "metrics/instruments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace pgweir::metrics {
namespace {

using std::chrono::nanoseconds;

std::size_t bucket_that_counts(nanoseconds elapsed) {
  latency_histogram histogram;
  histogram.observe(elapsed);
  std::size_t bucket = 0;
  while (bucket + 1 < latency_histogram::buckets && histogram.count_of(bucket) == 0) ++bucket;
  return bucket;
}

TEST(latency_histogram, a_bound_belongs_to_its_own_bucket_and_one_nanosecond_more_to_the_next) {
  for (std::size_t i = 0; i < latency_bounds.size(); ++i) {
    const nanoseconds bound(std::llround(latency_bounds[i] * 1e9));
    EXPECT_EQ(bucket_that_counts(bound - nanoseconds(1)), i) << latency_bounds[i];
    EXPECT_EQ(bucket_that_counts(bound), i) << latency_bounds[i];
    EXPECT_EQ(bucket_that_counts(bound + nanoseconds(1)), i + 1) << latency_bounds[i];
  }
}

std::size_t bucket_found_naively(std::uint64_t time) {
  std::size_t below = 0;
  for (const double bound : latency_bounds)
    below += static_cast<std::uint64_t>(std::llround(bound * 1e9)) < time ? 1 : 0;
  return below;
}

TEST(latency_bucket, is_the_one_that_a_search_through_all_bounds_finds) {
  std::vector<std::uint64_t> times{0};
  for (const double bound : latency_bounds)
    times.push_back(static_cast<std::uint64_t>(std::llround(bound * 1e9)));
  for (int shift = 0; shift < 63; ++shift) times.push_back(std::uint64_t{1} << shift);
  for (std::uint64_t time = 1; time < std::uint64_t{1} << 60; time += time / 50 + 1) times.push_back(time);
  for (const std::uint64_t time : times)
    for (const std::uint64_t near : {time - std::min<std::uint64_t>(time, 1), time, time + 1})
      ASSERT_EQ(latency_bucket(near), bucket_found_naively(near)) << near;
}

TEST(latency_histogram, takes_the_shortest_and_the_longest_time_there_is) {
  EXPECT_EQ(bucket_that_counts(nanoseconds(0)), 0U);
  EXPECT_EQ(bucket_that_counts(nanoseconds::max()), latency_histogram::buckets - 1);
}

TEST(latency_histogram, counts_a_negative_time_as_zero) {
  latency_histogram histogram;
  histogram.observe(nanoseconds(-5));
  EXPECT_EQ(histogram.count_of(0), 1U);
  EXPECT_EQ(histogram.sum(), 0.0);
}

TEST(latency_histogram, sums_what_it_observes) {
  latency_histogram histogram;
  histogram.observe(std::chrono::milliseconds(250));
  histogram.observe(std::chrono::seconds(2));
  EXPECT_DOUBLE_EQ(histogram.sum(), 2.25);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < latency_histogram::buckets; ++i) count += histogram.count_of(i);
  EXPECT_EQ(count, 2U);
}

TEST(depth_histogram, a_bound_belongs_to_its_own_bucket_and_one_more_to_the_next) {
  for (std::size_t depth = 0; depth < 600; ++depth) {
    depth_histogram histogram;
    histogram.observe(depth);
    std::size_t expected = 0;
    while (expected < depth_bounds.size() && depth_bounds[expected] < static_cast<double>(depth)) ++expected;
    ASSERT_EQ(histogram.count_of(expected), 1U) << depth;
  }
}

TEST(depth_histogram, sums_what_it_observes_and_takes_the_greatest_depth_there_is) {
  depth_histogram histogram;
  histogram.observe(3);
  histogram.observe(300);
  EXPECT_EQ(histogram.sum(), 303.0);
  histogram.observe(std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(histogram.count_of(depth_histogram::buckets - 1), 2U);
}

TEST(sqlstate_class, every_class_finds_itself_by_its_first_two_characters) {
  std::set<std::string> names;
  for (std::size_t i = 0; i + 1 < sqlstate_classes; ++i) {
    const std::string name = sqlstate_class_name(i);
    EXPECT_EQ(name.size(), 2U);
    EXPECT_EQ(sqlstate_class_index((name + "000").c_str()), i) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), sqlstate_classes - 1);
}

TEST(sqlstate_class, what_postgresql_does_not_document_is_other) {
  for (const char* unknown : {"ZZ999", "  ", "\xff\xff", "4\0", "41000", "YY"})
    EXPECT_STREQ(sqlstate_class_name(sqlstate_class_index(unknown)), "other") << unknown;
}

}  // namespace
}  // namespace pgweir::metrics
