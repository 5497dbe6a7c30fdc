#include "proxy/auth/verifier_cache.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace pgweir::auth {
namespace {

TEST(verifier_cache, gives_a_name_the_same_salt_always_and_other_names_others) {
  const verifier_cache cache;
  EXPECT_EQ(cache.salt_for("alice").size(), 16u);
  EXPECT_EQ(cache.salt_for("alice"), cache.salt_for("alice"));
  EXPECT_NE(cache.salt_for("alice"), cache.salt_for("bob"));
  EXPECT_NE(cache.salt_for("alice"), verifier_cache().salt_for("alice"));
}

TEST(verifier_cache, finds_what_was_derived_for_this_very_password) {
  verifier_cache cache;
  EXPECT_FALSE(cache.find("alice", "one"));
  const auto keys = cache.derive(derivation_of(cache, "alice", "one"));
  ASSERT_TRUE(cache.find("alice", "one"));
  EXPECT_EQ(cache.find("alice", "one")->stored_key, keys.stored_key);
  EXPECT_EQ(keys.stored_key, derive_scram_keys("one", cache.salt_for("alice"), 4096).stored_key);
  EXPECT_FALSE(cache.find("alice", "two"));
  EXPECT_FALSE(cache.find("bob", "one"));
}

TEST(verifier_cache, replaces_the_keys_of_a_changed_password) {
  verifier_cache cache;
  cache.derive(derivation_of(cache, "alice", "one"));
  cache.derive(derivation_of(cache, "alice", "two"));
  EXPECT_FALSE(cache.find("alice", "one"));
  EXPECT_TRUE(cache.find("alice", "two"));
}

TEST(verifier_cache, forgets_what_a_client_sent) {
  verifier_cache cache;
  cache.derive({.password = "one", .salt = "salt", .iterations = 1, .user = "alice", .keep = false});
  EXPECT_FALSE(cache.find("alice", "one"));
}

TEST(verifier_cache, keeps_no_more_users_than_its_capacity) {
  verifier_cache cache(2);
  for (const auto* name : {"a", "b", "c", "d"}) cache.derive(derivation_of(cache, name, "x"));
  int kept = 0;
  for (const auto* name : {"a", "b", "c", "d"}) kept += cache.find(name, "x").has_value() ? 1 : 0;
  EXPECT_EQ(kept, 2);
}

TEST(verifier_cache, gives_threads_that_ask_at_once_the_same_keys) {
  verifier_cache cache;
  std::vector<scram_keys> keys(4);
  std::vector<std::thread> threads;
  for (auto& into : keys) {
    threads.emplace_back([&cache, &into] { into = cache.derive(derivation_of(cache, "alice", "one")); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& each : keys) EXPECT_EQ(each.stored_key, cache.find("alice", "one")->stored_key);
}

TEST(verifier_cache, warms_up_users_with_plain_passwords_only) {
  config::config settings;
  settings.users["alice"].secret = "one";
  settings.users["*"].secret = "any";
  settings.users["mike"].secret = "five";
  settings.users["mike"].auth = config::auth_method::md5;
  verifier_cache cache;
  cache.warm(settings);
  EXPECT_TRUE(cache.find("alice", "one"));
  EXPECT_FALSE(cache.find("*", "any"));
  EXPECT_FALSE(cache.find("mike", "five"));
}

}  // namespace
}  // namespace pgweir::auth
