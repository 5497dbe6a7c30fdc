#include "config/config.hpp"

#include <gtest/gtest.h>

namespace pgweir::config {
namespace {

TEST(config_lookup, prefers_the_own_entry_of_a_name) {
  config all;
  all.databases["app"].server = "host=a";
  all.databases["*"].server = "host=b";
  all.users["alice"].secret = "a";
  all.users["*"].secret = "b";
  EXPECT_EQ(find_database(all, "app"), &all.databases["app"]);
  EXPECT_EQ(find_database(all, "other"), &all.databases["*"]);
  EXPECT_EQ(find_user(all, "alice"), &all.users["alice"]);
  EXPECT_EQ(find_user(all, "other"), &all.users["*"]);
}

TEST(config_lookup, finds_nothing_without_a_star) {
  config all;
  all.databases["app"];
  all.users["alice"];
  EXPECT_EQ(find_database(all, "other"), nullptr);
  EXPECT_EQ(find_user(all, "other"), nullptr);
}

TEST(settings_of, takes_each_key_from_the_most_particular_table) {
  config all;
  database_settings database;
  user_settings user;
  all.pool.mode = pool_mode::session;
  all.pool.size = 1;
  all.pool.min_size = 1;
  all.pool.query_timeout = milliseconds{1};
  database.pool.mode = pool_mode::statement;
  database.pool.size = 2;
  user.pool.mode = pool_mode::transaction;
  const pool_settings resolved = settings_of(all, database, user);
  EXPECT_EQ(resolved.mode, pool_mode::transaction);
  EXPECT_EQ(resolved.size, 2u);
  EXPECT_EQ(resolved.min_size, 1u);
  EXPECT_EQ(resolved.query_timeout, milliseconds{1});
  EXPECT_EQ(resolved.query_wait_timeout, pool_settings{}.query_wait_timeout);
}

TEST(settings_of, knows_every_key) {
  user_settings user;
  user.pool = {.mode = pool_mode::session,
               .size = 1,
               .min_size = 2,
               .multiplex = multiplex::off,
               .lanes = 11,
               .lane_depth = 12,
               .lane_batch = 15,
               .lane_expected_time = milliseconds{13},
               .client_write_timeout = milliseconds{14},
               .begin = begin::direct,
               .server_round_robin = true,
               .server_lifetime = milliseconds{3},
               .server_idle_timeout = milliseconds{4},
               .server_connect_timeout = milliseconds{5},
               .query_wait_timeout = milliseconds{6},
               .query_timeout = milliseconds{7},
               .idle_transaction_timeout = milliseconds{8},
               .client_idle_timeout = milliseconds{9},
               .pin_idle_timeout = milliseconds{10},
               .max_pinned = 11,
               .max_pinned_policy = max_pinned_policy::error,
               .shared_listen = false,
               .listen_loss = listen_loss::repair,
               .listen_timeout = milliseconds{11},
               .cancel_on_disconnect = false,
               .prepared_statements = 10,
               .prepare_unnamed = prepare_unnamed::off,
               .prepare_simple = prepare_simple::off,
               .session_functions = std::vector<std::string>{"f"}};
  const pool_settings resolved = settings_of({}, {}, user);
  EXPECT_EQ(resolved.mode, pool_mode::session);
  EXPECT_EQ(resolved.size, 1u);
  EXPECT_EQ(resolved.min_size, 2u);
  EXPECT_EQ(resolved.multiplex, multiplex::off);
  EXPECT_EQ(resolved.lanes, 11u);
  EXPECT_EQ(resolved.lane_depth, 12u);
  EXPECT_EQ(resolved.lane_batch, 15u);
  EXPECT_EQ(resolved.lane_expected_time, milliseconds{13});
  EXPECT_EQ(resolved.client_write_timeout, milliseconds{14});
  EXPECT_EQ(resolved.begin, begin::direct);
  EXPECT_TRUE(resolved.server_round_robin);
  EXPECT_EQ(resolved.server_lifetime, milliseconds{3});
  EXPECT_EQ(resolved.server_idle_timeout, milliseconds{4});
  EXPECT_EQ(resolved.server_connect_timeout, milliseconds{5});
  EXPECT_EQ(resolved.query_wait_timeout, milliseconds{6});
  EXPECT_EQ(resolved.query_timeout, milliseconds{7});
  EXPECT_EQ(resolved.idle_transaction_timeout, milliseconds{8});
  EXPECT_EQ(resolved.client_idle_timeout, milliseconds{9});
  EXPECT_EQ(resolved.pin_idle_timeout, milliseconds{10});
  EXPECT_EQ(resolved.max_pinned, 11u);
  EXPECT_EQ(resolved.max_pinned_policy, max_pinned_policy::error);
  EXPECT_FALSE(resolved.shared_listen);
  EXPECT_EQ(resolved.listen_loss, listen_loss::repair);
  EXPECT_EQ(resolved.listen_timeout, milliseconds{11});
  EXPECT_FALSE(resolved.cancel_on_disconnect);
  EXPECT_EQ(resolved.prepared_statements, 10u);
  EXPECT_EQ(resolved.prepare_unnamed, prepare_unnamed::off);
  EXPECT_EQ(resolved.prepare_simple, prepare_simple::off);
  EXPECT_EQ(resolved.session_functions, std::vector<std::string>{"f"});
}

}  // namespace
}  // namespace pgweir::config
