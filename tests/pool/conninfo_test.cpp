#include "pool/conninfo.hpp"

#include "pool/server_login.hpp"
#include "pool/startup_options.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

login_request alice() {
  return {.conninfo = "",
          .database = "app",
          .user = "alice",
          .password = "secret",
          .application_name = "",
          .startup = std::make_shared<const profile>(),
          .timeout = std::chrono::seconds{1}};
}

TEST(conninfo_complete, brings_the_clients_names_and_password_where_the_operator_gives_none) {
  const auto values = complete({{"host", "db"}}, alice());
  EXPECT_EQ(values.at("dbname"), "app");
  EXPECT_EQ(values.at("user"), "alice");
  EXPECT_EQ(values.at("password"), "secret");
  EXPECT_EQ(values.at("host"), "db");
}

TEST(conninfo_complete, never_sends_the_clients_password_for_another_user) {
  const auto values = complete({{"user", "pool_user"}, {"dbname", "other"}}, alice());
  EXPECT_EQ(values.at("user"), "pool_user");
  EXPECT_EQ(values.at("dbname"), "other");
  EXPECT_FALSE(values.contains("password"));
}

TEST(conninfo_complete, leaves_out_what_is_empty) {
  auto request = alice();
  request.password.clear();
  const auto values = complete({}, request);
  EXPECT_FALSE(values.contains("password"));
  EXPECT_FALSE(values.contains("options"));
  EXPECT_FALSE(values.contains("application_name"));
  EXPECT_FALSE(values.contains("replication"));
}

TEST(conninfo_complete, never_negotiates_gss_encryption) {
  EXPECT_EQ(complete({{"gssencmode", "prefer"}}, alice()).at("gssencmode"), "disable");
}

TEST(startup_options, puts_the_operator_first_then_the_client_then_single_settings) {
  const profile startup{.options = "-c a=2", .settings = {{"b", "3"}, {"c", "4"}}, .replication = ""};
  EXPECT_EQ(merge_options("-c a=1", startup), "-c a=1 -c a=2 -c b=3 -c c=4");
  EXPECT_EQ(merge_options("", {}), "");
}

TEST(startup_options, escapes_spaces_and_backslashes_of_settings) {
  const profile startup{.options = "", .settings = {{"x", "a b\\c\td"}}, .replication = ""};
  EXPECT_EQ(merge_options("", startup), "-c x=a\\ b\\\\c\\\td");
}

}  // namespace
}  // namespace pgweir::pool
