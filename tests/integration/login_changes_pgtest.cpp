// Roles and databases that change behind a proxy that keeps connections from before: who logs in anew gets
// what a login directly gets.
#include "tests/integration/proxied.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {
namespace {

// More than workers, so that nearly always each has some.
constexpr int many = 8;

class a_changed_login : public testing::Test {
 protected:
  void SetUp() override {
    postgres::shared().exec("DROP ROLE IF EXISTS changing");
    postgres::shared().exec("CREATE ROLE changing LOGIN SUPERUSER PASSWORD 'postgres'");
  }
  void TearDown() override {
    postgres::shared().exec("ALTER DATABASE postgres RESET work_mem; DROP ROLE IF EXISTS changing");
  }

  wire_client log_in() const {
    return wire_client::log_in(pgweir_.tcp(), {{"user", "changing"}, {"database", "postgres"}});
  }
  std::vector<wire_client> log_in_many() const {
    std::vector<wire_client> all;
    for (int i = 0; i < many; ++i) all.push_back(log_in());
    return all;
  }
  // As many connections of the role as the pool may have, on both workers, and nobody uses them.
  void fill_pool() const {
    auto all = log_in_many();
    for (auto& one : all) one.ask_sql("begin; select 1");
    for (auto& one : all) one.ask_sql("commit");
  }
  void command(const std::string& sql) { ASSERT_EQ(sqlstate_of(admin_.ask_sql(sql)), "") << sql; }
  void expect_everywhere(const std::string& setting, const std::string& value) const {
    auto all = log_in_many();
    for (auto& one : all) EXPECT_EQ(one.value("begin; show " + setting), value);
    for (auto& one : all) one.ask_sql("commit");
  }

  pgweir_process pgweir_{proxied("size = 8", "workers = 2")};
  wire_client admin_ = wire_client::postgres(pgweir_.tcp());
};

TEST_F(a_changed_login, of_a_role_that_is_made_anew_finds_itself) {
  fill_pool();
  command("DROP ROLE changing");
  command("CREATE ROLE changing LOGIN PASSWORD 'postgres'");
  expect_everywhere("is_superuser", "off");
  EXPECT_EQ(log_in().value("select current_user"), "changing");
}

TEST_F(a_changed_login, sees_the_settings_of_its_role_and_its_database) {
  fill_pool();
  command("ALTER DATABASE postgres SET work_mem = '5MB'");
  expect_everywhere("work_mem", "5MB");
  command("ALTER ROLE changing SET work_mem = '6MB'");
  expect_everywhere("work_mem", "6MB");
  command("ALTER ROLE changing IN DATABASE postgres SET work_mem = '7MB'");
  expect_everywhere("work_mem", "7MB");
}

TEST_F(a_changed_login, is_told_the_parameters_of_now) {
  fill_pool();
  command("ALTER ROLE changing SET TimeZone = 'Asia/Tokyo'");
  const std::pair<std::string, std::string> now{"TimeZone", "Asia/Tokyo"};
  for (const auto& one : log_in_many()) {
    const auto& told = one.server_parameters();
    EXPECT_EQ(std::count(told.begin(), told.end(), now), 1);
  }
}

TEST_F(a_changed_login, comes_with_the_commit) {
  fill_pool();
  command("BEGIN");
  command("ALTER ROLE changing SET work_mem = '7MB'");
  expect_everywhere("work_mem", "4MB");
  command("COMMIT");
  expect_everywhere("work_mem", "7MB");
}

TEST_F(a_changed_login, leaves_transactions_and_pinned_sessions_where_they_are) {
  auto in_transaction = log_in();
  const auto first = in_transaction.value("begin; select pg_backend_pid()");
  auto pinned = log_in();
  pinned.ask_sql("create temp table kept as select 1");
  const auto second = pinned.value("select pg_backend_pid()");
  command("ALTER ROLE changing SET work_mem = '7MB'");
  EXPECT_EQ(in_transaction.value("select pg_backend_pid()"), first);
  EXPECT_EQ(pinned.value("select pg_backend_pid()"), second);
  in_transaction.ask_sql("commit");
  pinned.ask_sql("drop table kept");
  EXPECT_EQ(pinned.value("show work_mem"), "7MB");
  expect_everywhere("work_mem", "7MB");
}

TEST_F(a_changed_login, reaches_units_that_share_connections) {
  const std::string shared = "select current_setting('work_mem')";
  auto before = log_in_many();
  for (int round = 0; round < 30; ++round)
    for (auto& one : before) one.send(frontend::query(shared));
  for (int round = 0; round < 30; ++round)
    for (auto& one : before) ASSERT_EQ(first_columns(one.read_until_ready()).front(), "4MB");
  command("ALTER ROLE changing SET work_mem = '7MB'");
  auto after = log_in_many();
  for (auto& one : after) EXPECT_EQ(one.value(shared), "7MB");
}

TEST(a_changed_login_in_session_mode, keeps_its_connection_but_gives_it_to_nobody) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 2", "workers = 2")};
  const auto log_in = [&] { return wire_client::postgres(pgweir.tcp()); };
  auto admin = log_in(), kept = log_in();
  const auto process = kept.value("select pg_backend_pid()");
  ASSERT_EQ(sqlstate_of(admin.ask_sql("ALTER ROLE postgres SET work_mem = '7MB'")), "");
  EXPECT_EQ(kept.value("select pg_backend_pid()"), process);
  EXPECT_EQ(kept.value("show work_mem"), "4MB");
  kept.goodbye();
  auto next = log_in();
  EXPECT_EQ(next.value("show work_mem"), "7MB");
  EXPECT_EQ(sqlstate_of(admin.ask_sql("ALTER ROLE postgres RESET work_mem")), "");
}

}  // namespace
}  // namespace pgweir::test
