#include "proxy/core/statement_catalogue.hpp"

#include <gtest/gtest.h>

namespace pgweir::core {
namespace {

shared_statement intern(statement_catalogue& in, const std::string& text) {
  return in.intern(wire::as_bytes(text));
}

TEST(catalogue, same_text_is_one_statement) {
  statement_catalogue all{10'000, "s"};
  EXPECT_EQ(intern(all, "a"), intern(all, "a"));
  EXPECT_NE(intern(all, "a"), intern(all, "b"));
}

TEST(catalogue, retired_text_gets_a_new_statement) {
  statement_catalogue all{10'000, "s"};
  const auto first = intern(all, "a");
  all.retire(first);
  EXPECT_NE(intern(all, "a")->id, first->id);
}

TEST(catalogue, hundred_thousand_distinct_statements_stay_within_the_memory_bound) {
  statement_catalogue all{64 * 1024, "s"};
  for (int i = 0; i < 100'000; ++i) ASSERT_NE(intern(all, "select " + std::to_string(i)), nullptr);
  EXPECT_LE(all.bytes(), 64u * 1024);
  EXPECT_GT(all.size(), 100u);
}

TEST(catalogue, a_retired_statement_counts_for_as_long_as_it_is_in_use) {
  statement_catalogue all{10'000, "s"};
  auto old = intern(all, std::string(1000, 'a'));
  const auto alone = all.bytes();
  all.retire(old);
  EXPECT_EQ(all.bytes(), alone);
  old = nullptr;
  EXPECT_EQ(all.bytes(), 0u);
}

TEST(catalogue, memory_lent_to_clients_takes_the_place_of_texts_that_nobody_uses) {
  statement_catalogue all{1000, "s"};
  intern(all, "a");
  EXPECT_TRUE(all.lend(900));
  EXPECT_EQ(all.size(), 0u);
  EXPECT_FALSE(all.lend(200));
  EXPECT_TRUE(all.is_full());
  EXPECT_EQ(intern(all, "b"), nullptr);
  all.give_back(900);
  EXPECT_NE(intern(all, "b"), nullptr);
  EXPECT_FALSE(all.is_full());
}

TEST(catalogue, statements_in_use_are_not_given_up) {
  statement_catalogue all{2 * 300, "s"};
  const auto a = intern(all, "a");
  const auto b = intern(all, "b");
  EXPECT_EQ(intern(all, "c"), nullptr);
  EXPECT_EQ(intern(all, "a"), a);
}

}  // namespace
}  // namespace pgweir::core
