// What a client has asked for at its login holds on every server connection, and is what every kind of reset
// returns to: not the server's default, and not what another client began with.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgweir::test {
namespace {

const parameters particular{{"user", "postgres"},
                            {"database", "postgres"},
                            {"application_name", "it's mine"},
                            {"DateStyle", "German"},
                            {"TimeZone", "Asia/Tokyo"},
                            {"client_encoding", "'latin-1'"},
                            {"options", "-c work_mem=99kB -c myapp.tenant=me --search_path=pg_catalog"}};

struct began_with {
  const char* name;
  const char* value;
};
const began_with values[] = {
    {"application_name", "it's mine"}, {"DateStyle", "German, DMY"}, {"TimeZone", "Asia/Tokyo"},
    {"client_encoding", "LATIN1"},     {"work_mem", "99kB"},         {"myapp.tenant", "me"},
    {"search_path", "pg_catalog"}};

const char* const change_all =
    "SET application_name = 'other'; SET DateStyle = 'ISO'; SET TimeZone = 'UTC'; SET client_encoding = "
    "'UTF8';"
    "SET work_mem = '77kB'; SET myapp.tenant = 'other'; SET search_path = public";

class startup_values : public testing::TestWithParam<const char*> {
 protected:
  startup_values()
      : pgweir_(proxied(
            "server_round_robin = true\nsize = 3\nmin_size = 3\nmode = \"" + std::string(GetParam()) + "\"",
            "workers = 1")),
        client_(wire_client::log_in(pgweir_.tcp(), particular)) {}

  void expect_all() {
    for (int turn = 0; turn < 4; ++turn)
      for (const auto& [name, value] : values)
        EXPECT_EQ(client_.value("SHOW " + std::string(name)), value) << name;
  }

  pgweir_process pgweir_;
  wire_client client_;
};

INSTANTIATE_TEST_SUITE_P(mode, startup_values, testing::Values("transaction", "statement"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(startup_values, hold_on_every_server_connection) {
  auto other = wire_client::postgres(pgweir_.tcp());
  expect_all();
  EXPECT_EQ(other.value("SHOW work_mem"), "4MB");
  EXPECT_EQ(other.value("SHOW application_name"), "");
  expect_all();
}

TEST_P(startup_values, are_what_every_reset_returns_to) {
  std::string each, each_to_default;
  for (const auto& [name, value] : values) {
    each += "RESET " + std::string(name) + ";";
    each_to_default += "SET " + std::string(name) + " TO DEFAULT;";
  }
  for (const auto& reset : {std::string("RESET ALL"), std::string("DISCARD ALL"), each, each_to_default}) {
    ASSERT_EQ(sqlstate_of(client_.ask_sql(change_all)), "");
    EXPECT_EQ(client_.value("SHOW work_mem"), "77kB");
    EXPECT_EQ(client_.value("SHOW application_name"), "other");
    ASSERT_EQ(sqlstate_of(client_.ask_sql(reset)), "") << reset;
    expect_all();
  }
}

TEST_P(startup_values, are_returned_to_by_a_session_that_stays_on_its_server_connection) {
  ASSERT_EQ(sqlstate_of(client_.ask_sql("LISTEN mine")), "");
  ASSERT_EQ(sqlstate_of(client_.ask_sql("SET application_name = 'other'")), "");
  ASSERT_EQ(sqlstate_of(client_.ask_sql("RESET ALL")), "");
  expect_all();
}

// The name is pgweir's own affair: the server says that there is none.
TEST_P(startup_values, are_told_to_the_client_that_returns_to_them) {
  client_.ask_sql("SET application_name = 'other'");
  std::string told;
  const auto note = [&](const std::vector<backend_message>& answer) {
    for (const auto& message : answer)
      if (message.type == 'S' && message.body.starts_with("application_name"))
        told = message.body.substr(message.body.find('\0') + 1).c_str();
  };
  note(client_.ask_sql("RESET application_name"));
  note(client_.ask_sql("SELECT 1"));
  EXPECT_EQ(told, "it's mine");
}

TEST(startup_values_of_session_mode, hold_and_are_what_a_reset_returns_to) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 2")};
  auto client = wire_client::log_in(pgweir.tcp(), particular);
  ASSERT_EQ(sqlstate_of(client.ask_sql("SET work_mem = '77kB'; SET TimeZone = 'UTC'; RESET ALL")), "");
  EXPECT_EQ(client.value("SHOW work_mem"), "99kB");
  EXPECT_EQ(client.value("SHOW TimeZone"), "Asia/Tokyo");
}

TEST(startup_parameters, are_reported_in_the_spelling_of_the_server) {
  pgweir_process pgweir{proxied("size = 2")};
  for (const auto& [spelt, reported] :
       {std::pair{"utf-8", "UTF8"}, {"'utf-8'", "UTF8"}, {"unicode", "UTF8"}, {"latin1", "LATIN1"}}) {
    auto client = wire_client::log_in(
        pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"client_encoding", spelt}});
    const auto& told = client.server_parameters();
    EXPECT_NE(
        std::find(told.begin(), told.end(), std::pair<std::string, std::string>{"client_encoding", reported}),
        told.end())
        << spelt;
  }
}

TEST(startup_parameters, that_the_server_does_not_know_are_refused_in_its_words) {
  pgweir_process pgweir{proxied("size = 2")};
  for (const auto& [name, value, sqlstate] : {std::tuple{"no_such_parameter", "1", "42704"},
                                              {"work_mem", "much", "22023"},
                                              {"options", "-c no_such_parameter=1", "42704"}}) {
    wire_client client{pgweir.tcp()};
    client.send(frontend::startup({{"user", "postgres"}, {"database", "postgres"}, {name, value}}));
    EXPECT_EQ(client.read_until('E').back().sqlstate(), sqlstate) << name;
  }
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
}

TEST(template_databases, are_left_at_once_so_that_databases_can_be_made_of_them) {
  pgweir_process pgweir{proxied("size = 2\nmin_size = 2")};
  for (int turn = 0; turn < 3; ++turn) {
    auto client = wire_client::log_in(pgweir.tcp(), {{"user", "postgres"}, {"database", "template1"}});
    EXPECT_EQ(client.value("SELECT 1"), "1");
    auto other = wire_client::postgres(pgweir.tcp());
    EXPECT_EQ(sqlstate_of(other.ask_sql("CREATE DATABASE made_of_it")), "");
    EXPECT_EQ(sqlstate_of(other.ask_sql("DROP DATABASE made_of_it")), "");
  }
}

}  // namespace
}  // namespace pgweir::test
