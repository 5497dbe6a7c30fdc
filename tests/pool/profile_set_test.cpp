#include "pool/profile_set.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

profile with_work_mem(const std::string& value) {
  return {.options = "", .settings = {{"work_mem", value}}, .replication = ""};
}

TEST(profile_set, gives_equal_profiles_one_object) {
  profile_set known;
  const auto one = known.intern(with_work_mem("5MB"));
  EXPECT_EQ(one, known.intern(with_work_mem("5MB")));
  EXPECT_NE(one, known.intern(with_work_mem("6MB")));
  EXPECT_NE(one, known.intern({.options = "work_mem", .settings = {}, .replication = ""}));
}

TEST(profile_set, forgets_what_nobody_uses) {
  profile_set known;
  const auto kept = known.intern(with_work_mem("5MB"));
  known.intern(with_work_mem("6MB"));
  known.forget_unused();
  EXPECT_EQ(known.size(), 1u);
  EXPECT_EQ(kept, known.intern(with_work_mem("5MB")));
}

TEST(profile_set, calls_equal_content_the_same_whoever_made_it) {
  EXPECT_TRUE(is_same(std::make_shared<const profile>(with_work_mem("5MB")),
                      std::make_shared<const profile>(with_work_mem("5MB"))));
  EXPECT_FALSE(
      is_same(std::make_shared<const profile>(with_work_mem("5MB")), std::make_shared<const profile>()));
}

}  // namespace
}  // namespace pgweir::pool
