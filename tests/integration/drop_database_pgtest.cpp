// Databases that come and go behind a proxy that keeps connections to them.
#include "tests/integration/proxied.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::test {
namespace {

// A client of the database, which has come and gone: an idle connection stays behind.
void visit(const pgweir_process& pgweir, const std::string& database) {
  auto visitor = wire_client::log_in(pgweir.tcp(), {{"user", "postgres"}, {"database", database}});
  EXPECT_EQ(visitor.value("select 1"), "1");
  visitor.goodbye();
}

class a_database_that_pgweir_has_connections_to : public testing::Test {
 protected:
  pgweir_process pgweir_{proxied("size = 3\nmin_size = 3")};
  wire_client admin_ = wire_client::postgres(pgweir_.tcp());

  std::string sqlstate(const std::string& sql) { return sqlstate_of(admin_.ask_sql(sql)); }
};

TEST_F(a_database_that_pgweir_has_connections_to, can_be_dropped_through_it) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(sqlstate("CREATE DATABASE come_and_gone"), "");
    visit(pgweir_, "come_and_gone");
    ASSERT_EQ(sqlstate("DROP DATABASE come_and_gone"), "");
  }
}

TEST_F(a_database_that_pgweir_has_connections_to, can_be_dropped_by_a_prepared_statement) {
  ASSERT_EQ(sqlstate("CREATE DATABASE come_and_gone"), "");
  visit(pgweir_, "come_and_gone");
  using namespace frontend;
  admin_.ask(parse("gone", "DROP DATABASE come_and_gone") + sync());
  EXPECT_EQ(sqlstate_of(admin_.ask(bind("", "gone") + execute("") + sync())), "");
}

TEST_F(a_database_that_pgweir_has_connections_to, can_be_dropped_beside_another_in_one_write) {
  for (const auto* name : {"first_gone", "second_gone"}) {
    ASSERT_EQ(sqlstate("CREATE DATABASE " + std::string(name)), "");
    visit(pgweir_, name);
  }
  admin_.send(frontend::query("DROP DATABASE first_gone") + frontend::query("DROP DATABASE second_gone"));
  EXPECT_EQ(sqlstate_of(admin_.read_until_ready()), "");
  EXPECT_EQ(sqlstate_of(admin_.read_until_ready()), "");
}

TEST_F(a_database_that_pgweir_has_connections_to, can_be_renamed_and_be_a_template) {
  ASSERT_EQ(sqlstate("CREATE DATABASE first_name"), "");
  visit(pgweir_, "first_name");
  ASSERT_EQ(sqlstate("CREATE DATABASE a_copy TEMPLATE first_name"), "");
  visit(pgweir_, "first_name");
  ASSERT_EQ(sqlstate("ALTER DATABASE first_name RENAME TO second_name"), "");
  visit(pgweir_, "second_name");
  ASSERT_EQ(sqlstate("DROP DATABASE second_name"), "");
  ASSERT_EQ(sqlstate("DROP DATABASE a_copy"), "");
}

}  // namespace
}  // namespace pgweir::test
