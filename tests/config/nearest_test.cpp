#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pgweir::config {
namespace {

TEST(nearest, counts_inserted_deleted_and_replaced_letters) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("size", ""), 4u);
  EXPECT_EQ(edit_distance("", "size"), 4u);
  EXPECT_EQ(edit_distance("size", "size"), 0u);
  EXPECT_EQ(edit_distance("adress", "address"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(nearest, takes_the_most_similar_word) {
  const std::vector<std::string> keys{"min_size", "size", "mode"};
  EXPECT_EQ(nearest("siz", keys), "size");
  EXPECT_EQ(nearest("minsize", keys), "min_size");
}

TEST(nearest, takes_none_if_no_word_is_similar) {
  const std::vector<std::string> keys{"min_size", "size"};
  EXPECT_EQ(nearest("workers", keys), "");
  EXPECT_EQ(suggestion("workers", keys, "keys"), "known keys: min_size, size");
}

}  // namespace
}  // namespace pgweir::config
