#include "proxy/wire/sql_vacates.hpp"

#include <gtest/gtest.h>

namespace pgweir::wire {
namespace {

TEST(sql_vacates, a_database_that_is_dropped_or_moved) {
  EXPECT_EQ(database_to_vacate("DROP DATABASE Test_App"), "test_app");
  EXPECT_EQ(database_to_vacate("drop/**/database if exists \"Test \"\"1\"\"\" with (force);"), "Test \"1\"");
  EXPECT_EQ(database_to_vacate("alter database a rename to b"), "a");
  EXPECT_EQ(database_to_vacate("alter database a set tablespace b"), "a");
}

TEST(sql_vacates, a_database_that_serves_as_template) {
  EXPECT_EQ(database_to_vacate("CREATE DATABASE a WITH OWNER = b TEMPLATE = \"c\" ENCODING 'UTF8'"), "c");
  EXPECT_EQ(database_to_vacate("create database a template c"), "c");
  EXPECT_EQ(database_to_vacate("create database a"), "");
}

TEST(sql_vacates, no_database_whose_settings_are_altered) {
  for (const auto* what : {"set work_mem = 1", "reset all", "owner to b", "connection limit 3", "set"})
    EXPECT_EQ(database_to_vacate("alter database a " + std::string(what)), "") << what;
}

TEST(sql_vacates, none_of_other_texts) {
  for (const auto* text :
       {"", ";", "drop", "drop database", "drop table database", "select 'drop database a'",
        "create table template (a int)", "drop database if exists"})
    EXPECT_EQ(database_to_vacate(text), "") << text;
}

}  // namespace
}  // namespace pgweir::wire
