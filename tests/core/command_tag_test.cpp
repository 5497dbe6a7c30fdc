#include "proxy/core/command_tag.hpp"

#include <gtest/gtest.h>

namespace pgweir::core {
namespace {

TEST(command_tag, of_what_may_stay_in_the_session) {
  for (const auto* tag : {"CREATE TABLE", "CREATE FUNCTION", "CREATE INDEX", "DO", "CALL", "EXPLAIN",
                          "LISTEN", "PREPARE", "LOAD", "DECLARE CURSOR", "RESET", "DISCARD ALL"})
    EXPECT_TRUE(effects_of(tag).leaves_state) << tag;
  for (const auto* tag :
       {"SELECT 1", "INSERT 0 1", "UPDATE 3", "DELETE 0", "DROP TABLE", "DISCARD PLANS", "COMMIT"})
    EXPECT_FALSE(effects_of(tag).leaves_state) << tag;
}

TEST(command_tag, of_what_may_end_a_bond) {
  for (const auto* tag : {"UNLISTEN", "CLOSE CURSOR", "CLOSE CURSOR ALL", "DEALLOCATE", "DEALLOCATE ALL",
                          "DROP TABLE", "DROP SCHEMA"})
    EXPECT_TRUE(effects_of(tag).gives_up) << tag;
  EXPECT_FALSE(effects_of("DELETE 1").gives_up);
}

TEST(command_tag, of_what_gives_names_another_meaning) {
  for (const auto* tag :
       {"ALTER TABLE", "CREATE TABLE", "CREATE VIEW", "CREATE FUNCTION", "CREATE EXTENSION", "DROP TYPE",
        "DROP EXTENSION", "DROP SCHEMA", "IMPORT FOREIGN SCHEMA", "CALL", "DO"})
    EXPECT_TRUE(effects_of(tag).changes_schema) << tag;
  for (const auto* tag : {"CREATE INDEX", "CREATE ROLE", "CREATE DATABASE", "DROP TABLE", "DROP INDEX",
                          "SELECT 1", "INSERT 0 1", ""})
    EXPECT_FALSE(effects_of(tag).changes_schema) << tag;
}

TEST(command_tag, of_what_a_later_login_is_met_by) {
  for (const auto* tag : {"ALTER ROLE", "DROP ROLE", "ALTER DATABASE"}) {
    EXPECT_TRUE(effects_of(tag).changes_logins) << tag;
    EXPECT_TRUE(effects_of(tag).changes_schema) << tag;
  }
  for (const auto* tag : {"ALTER TABLE", "ALTER DEFAULT PRIVILEGES", "CREATE ROLE", "CREATE DATABASE",
                          "DROP DATABASE", "DROP TABLE", "GRANT ROLE", "SET", "SELECT 1"})
    EXPECT_FALSE(effects_of(tag).changes_logins) << tag;
}

}  // namespace
}  // namespace pgweir::core
