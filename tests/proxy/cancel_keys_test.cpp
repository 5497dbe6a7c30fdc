#include "proxy/cancel_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pgweir::proxy {
namespace {

// /proc/sys/kernel/pid_max is never larger.
constexpr std::int32_t most_of_linux = 1 << 22;

cancel_key with_other_secret(cancel_key key) {
  key.secret ^= 1;
  return key;
}

// Reserves until it is the turn of this one; the others are released at once.
void reserve_again(cancel_keys& keys, cancel_keys::place wanted) {
  for (auto got = keys.reserve(); got != wanted; got = keys.reserve()) keys.release(got);
}

TEST(cancel_keys, of_pgweir_tell_the_worker_and_are_all_different) {
  std::set<std::int32_t> seen;
  for (const std::size_t worker : {0, 1, 63}) {
    cancel_keys keys{worker};
    for (int i = 0; i < 100; ++i) {
      const auto key = keys.give(keys.reserve(), 0);
      EXPECT_GT(key.process_id, most_of_linux);
      EXPECT_EQ(cancel_keys::worker_of(key), worker);
      EXPECT_TRUE(seen.insert(key.process_id).second) << key.process_id;
    }
  }
}

// psycopg's pool, for one, tells by it that it has got a new connection.
TEST(cancel_keys, of_clients_that_come_and_go_do_not_come_again_soon) {
  std::set<std::int32_t> seen;
  cancel_keys keys{0};
  for (int i = 0; i < 4096; ++i) {
    const auto place = keys.reserve();
    EXPECT_TRUE(seen.insert(keys.give(place, 0).process_id).second) << i;
    keys.release(place);
  }
}

TEST(cancel_keys, places_are_given_again_in_the_long_run) {
  cancel_keys keys{0};
  cancel_keys::place highest = 0;
  for (int i = 0; i < 50'000; ++i) {
    const auto place = keys.reserve();
    highest = std::max(highest, place);
    keys.release(place);
  }
  EXPECT_LT(highest, 5000u);
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
  const auto again = one;
  reserve_again(keys, one);
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
    reserve_again(keys, place);
    EXPECT_EQ(keys.find(key), std::nullopt) << server;
    keys.give(place, server);
    EXPECT_EQ(keys.find(key), std::nullopt) << server;
    keys.release(place);
  }
}

TEST(cancel_keys, are_found_by_the_process_id_alone_if_it_is_pgweirs_own) {
  cancel_keys keys{3};
  const auto place = keys.reserve(), with_server = keys.reserve();
  const auto own = keys.give(place, 0).process_id;
  keys.give(with_server, 4711);
  EXPECT_EQ(keys.find_told(own), place);
  for (const std::int32_t other : {4711, own + 1, own + 2, own - (1 << 24), own + (1 << 24), 0, -own})
    EXPECT_EQ(keys.find_told(other), std::nullopt) << other;
  keys.release(place);
  EXPECT_EQ(keys.find_told(own), std::nullopt);
}

TEST(cancel_keys, before_one_is_given_nothing_is_found) {
  cancel_keys keys{0};
  keys.reserve();
  for (const std::int32_t process_id : {0, 1, -1, 2})
    EXPECT_EQ(keys.find({process_id, 0}), std::nullopt) << process_id;
}

}  // namespace
}  // namespace pgweir::proxy
