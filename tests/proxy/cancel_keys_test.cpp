#include "proxy/cancel_keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pgweir::proxy {
namespace {

cancel_key with_other_secret(cancel_key key) {
  key.secret ^= 1;
  return key;
}

TEST(cancel_keys, of_pgweir_tell_the_worker_and_are_all_different) {
  std::set<std::int32_t> seen;
  for (const std::size_t worker : {0, 1, 63}) {
    cancel_keys keys{worker};
    for (int i = 0; i < 100; ++i) {
      const auto key = keys.give(keys.reserve(), 0);
      EXPECT_GT(key.process_id, 0);
      EXPECT_EQ(cancel_keys::worker_of(key), worker);
      EXPECT_TRUE(seen.insert(key.process_id).second) << key.process_id;
    }
  }
}

TEST(cancel_keys, find_the_place_by_process_id_and_secret_together) {
  cancel_keys keys{1};
  const auto one = keys.reserve(), other = keys.reserve(), served = keys.reserve();
  const auto key = keys.give(one, 0), other_key = keys.give(other, 0), served_key = keys.give(served, 4711);
  EXPECT_EQ(served_key.process_id, 4711);
  EXPECT_EQ(keys.find(key), one);
  EXPECT_EQ(keys.find(served_key), served);
  EXPECT_EQ(keys.find(with_other_secret(key)), std::nullopt);
  EXPECT_EQ(keys.find(with_other_secret(served_key)), std::nullopt);
  EXPECT_EQ(keys.find({other_key.process_id, key.secret}), std::nullopt);
  EXPECT_EQ(keys.find({4711, key.secret}), std::nullopt);
  EXPECT_EQ(keys.find({key.process_id, served_key.secret}), std::nullopt);
}

TEST(cancel_keys, of_servers_with_equal_process_ids_are_told_apart_by_the_secret) {
  cancel_keys keys{0};
  const auto one = keys.reserve(), other = keys.reserve();
  const auto key = keys.give(one, 4711), other_key = keys.give(other, 4711);
  EXPECT_EQ(keys.find(key), one);
  EXPECT_EQ(keys.find(other_key), other);
  keys.release(one);
  EXPECT_EQ(keys.find(key), std::nullopt);
  EXPECT_EQ(keys.find(other_key), other);
}

// A server's number may be the very one that pgweir makes for another place, or for the same.
TEST(cancel_keys, of_a_server_may_equal_one_of_pgweir) {
  cancel_keys keys{0};
  const auto one = keys.reserve(), other = keys.reserve();
  const auto key = keys.give(one, 0);
  const auto other_key = keys.give(other, key.process_id);
  EXPECT_EQ(keys.find(key), one);
  EXPECT_EQ(keys.find(other_key), other);
  keys.release(one);
  const auto again = keys.reserve();
  const auto again_key = keys.give(again, key.process_id);
  EXPECT_EQ(keys.find(again_key), again);
  EXPECT_EQ(keys.find(other_key), other);
  keys.release(again);
  keys.release(other);
  EXPECT_EQ(keys.find(again_key), std::nullopt);
  EXPECT_EQ(keys.find(other_key), std::nullopt);
}

TEST(cancel_keys, that_were_given_for_a_released_place_are_void) {
  cancel_keys keys{0};
  for (const std::int32_t server : {0, 4711, -5}) {
    const auto place = keys.reserve();
    const auto key = keys.give(place, server);
    EXPECT_EQ(keys.find(key), place);
    keys.release(place);
    EXPECT_EQ(keys.find(key), std::nullopt) << server;
    ASSERT_EQ(keys.reserve(), place);
    EXPECT_EQ(keys.find(key), std::nullopt) << server;
    keys.give(place, server);
    EXPECT_EQ(keys.find(key), std::nullopt) << server;
    keys.release(place);
  }
}

TEST(cancel_keys, before_one_is_given_nothing_is_found) {
  cancel_keys keys{0};
  keys.reserve();
  for (const std::int32_t process_id : {0, 1, -1, 2})
    EXPECT_EQ(keys.find({process_id, 0}), std::nullopt) << process_id;
}

}  // namespace
}  // namespace pgweir::proxy
