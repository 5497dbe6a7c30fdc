#include "metrics/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pgweir::metrics {
namespace {

const pool_view* find(const registry_view& all, const std::string& database, const std::string& user) {
  const auto found = std::find_if(all.pools.begin(), all.pools.end(), [&](const pool_view& pool) {
    return pool.database == database && pool.user == user;
  });
  return found == all.pools.end() ? nullptr : &*found;
}

TEST(registry, gives_the_same_instruments_for_the_same_pool_and_worker) {
  registry all(2, 10);
  pool_instruments& first = all.pool(0, "app", "alice");
  for (int i = 0; i < 8; ++i) all.pool(0, "app", "user" + std::to_string(i));
  EXPECT_EQ(&first, &all.pool(0, "app", "alice"));
}

TEST(registry, gives_each_worker_and_each_pool_instruments_of_its_own) {
  registry all(2, 10);
  pool_instruments& one = all.pool(0, "app", "alice");
  EXPECT_NE(&one, &all.pool(1, "app", "alice"));
  EXPECT_NE(&one, &all.pool(0, "app", "bob"));
  EXPECT_NE(&one, &all.pool(0, "shop", "alice"));
  EXPECT_NE(&all.worker(0), &all.worker(1));
}

TEST(registry, does_not_mix_up_names_that_read_the_same_when_joined) {
  registry all(1, 10);
  EXPECT_NE(&all.pool(0, "a", "bc"), &all.pool(0, "ab", "c"));
}

TEST(registry, counts_pools_beyond_the_limit_as_other) {
  registry all(1, 2);
  pool_instruments& first = all.pool(0, "a", "u");
  all.pool(0, "b", "u");
  pool_instruments& third = all.pool(0, "c", "u");
  EXPECT_EQ(&third, &all.pool(0, "d", "u"));
  EXPECT_EQ(&first, &all.pool(0, "a", "u")) << "pools that were there first stay";
  for (int i = 0; i < 1000; ++i) all.pool(0, "db" + std::to_string(i), "u");

  const registry_view seen = all.view();
  EXPECT_EQ(seen.pools.size(), 3U);
  ASSERT_NE(find(seen, "other", "other"), nullptr);
  EXPECT_EQ(find(seen, "other", "other")->workers.front(), &third);
  EXPECT_EQ(find(seen, "other", "other")->facts, nullptr);
}

TEST(registry, shows_no_other_while_nothing_is_beyond_the_limit) {
  registry all(1, 2);
  all.pool(0, "a", "u");
  EXPECT_EQ(find(all.view(), "other", "other"), nullptr);
}

TEST(registry, a_pool_that_is_really_called_other_gives_no_second_label_set) {
  registry all(1, 1);
  pool_instruments& real = all.pool(0, "other", "other");
  all.pool(0, "a", "u");
  EXPECT_EQ(&real, &all.pool(0, "b", "u"));
  EXPECT_EQ(all.view().pools.size(), 2U);
}

TEST(registry, names_that_are_equal_once_bounded_share_one_label_set) {
  registry all(1, 10);
  const std::string long_name(63, 'n');
  EXPECT_EQ(&all.pool(0, long_name + "1", "u"), &all.pool(0, long_name + "2", "u"));
  EXPECT_EQ(&all.pool(0, "bad\xFF", "u"), &all.pool(0, "bad\xFE", "u"));
  EXPECT_EQ(all.view().pools.size(), 2U);
}

TEST(registry, view_names_only_the_workers_that_have_met_the_pool) {
  registry all(3, 10);
  pool_instruments& met = all.pool(1, "app", "alice");
  const registry_view seen = all.view();
  ASSERT_EQ(seen.pools.size(), 1U);
  EXPECT_EQ(seen.pools.front().workers, std::vector<const pool_instruments*>{&met});
  EXPECT_EQ(seen.workers.size(), 3U);
}

TEST(registry, facts_belong_to_the_pool_of_all_workers) {
  registry all(2, 10);
  all.facts("app", "alice").size.set(20);
  all.pool(1, "app", "alice");
  all.set_client_limit(500);
  const registry_view seen = all.view();
  ASSERT_EQ(seen.pools.size(), 1U);
  EXPECT_EQ(seen.pools.front().facts->size.value(), 20);
  EXPECT_EQ(seen.client_limit, 500);
}

}  // namespace
}  // namespace pgweir::metrics
