#include "metrics/instrument.hpp"

#include "metrics/instruments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

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

TEST(latency_histogram, takes_the_shortest_and_the_longest_time_there_is) {
  EXPECT_EQ(bucket_that_counts(nanoseconds(0)), 0U);
  EXPECT_EQ(bucket_that_counts(nanoseconds::max()), latency_histogram::buckets - 1);
}

TEST(latency_histogram, counts_a_negative_time_as_zero) {
  latency_histogram histogram;
  histogram.observe(nanoseconds(-5));
  EXPECT_EQ(histogram.count_of(0), 1U);
  EXPECT_EQ(histogram.sum_seconds(), 0.0);
}

TEST(latency_histogram, sums_what_it_observes) {
  latency_histogram histogram;
  histogram.observe(std::chrono::milliseconds(250));
  histogram.observe(std::chrono::seconds(2));
  EXPECT_DOUBLE_EQ(histogram.sum_seconds(), 2.25);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < latency_histogram::buckets; ++i) count += histogram.count_of(i);
  EXPECT_EQ(count, 2U);
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
