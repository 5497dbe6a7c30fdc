#include "pool/io/buffer_cache.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace pgweir::io {
namespace {

TEST(buffer_cache, rounds_up_to_a_power_of_two) {
  buffer_cache cache;
  for (const std::size_t wanted : {1u, 4096u, 4097u, 65536u, 65537u, 1000000u}) {
    auto* one = cache.take(wanted);
    EXPECT_GE(one->capacity, wanted);
    EXPECT_TRUE(std::has_single_bit(one->capacity));
    EXPECT_EQ(one->begin, one->end);
    cache.give_back(one);
  }
}

TEST(buffer_cache, lends_the_same_block_again) {
  buffer_cache cache;
  auto* first = cache.take(5000);
  first->begin = 3;
  first->end = 9;
  cache.give_back(first);
  auto* again = cache.take(8000);
  EXPECT_EQ(first, again);
  EXPECT_EQ(again->begin, 0u);
  EXPECT_EQ(again->end, 0u);
  cache.give_back(again);
}

TEST(buffer_cache, counts_what_is_lent) {
  buffer_cache cache;
  auto* small = cache.take(1);
  auto* large = cache.take(1 << 20);
  EXPECT_EQ(cache.lent_bytes(), small->capacity + large->capacity);
  cache.give_back(small);
  cache.give_back(large);
  EXPECT_EQ(cache.lent_bytes(), 0u);
}

}  // namespace
}  // namespace pgweir::io
