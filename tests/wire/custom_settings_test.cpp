#include "proxy/wire/custom_settings.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using names = std::vector<std::string>;

names collected(std::string_view sql) {
  names found;
  wire::collect_custom_settings(sql, found, 3);
  return found;
}

TEST(custom_settings, are_found_behind_set) {
  EXPECT_EQ(collected("SET myapp.tenant = 'a'"), names{"myapp.tenant"});
  EXPECT_EQ(collected("begin; set  session\n myapp.tenant to 1; commit"), names{"myapp.tenant"});
  EXPECT_EQ(collected("SET myapp.\"user\" = 'a'"), names{"myapp.user"});
}

TEST(custom_settings, are_found_in_calls_of_set_config) {
  EXPECT_EQ(collected("select SET_CONFIG ( 'myapp.tenant', $1, false)"), names{"myapp.tenant"});
}

TEST(custom_settings, are_those_with_a_dot) {
  EXPECT_EQ(
      collected(
          "SET work_mem = '1MB'; select set_config('timezone', 'UTC', false), set_config($1, '', true)"),
      names{});
}

TEST(custom_settings, are_named_once_and_up_to_the_limit) {
  EXPECT_EQ(collected("set a.a = 1; set a.a = 2; set a.b = 1; set a.c = 1; set a.d = 1"),
            (names{"a.a", "a.b", "a.c"}));
}

TEST(custom_settings, need_a_whole_word_and_survive_a_text_that_ends) {
  for (const auto* sql :
       {"reset a.b", "set", "set ", "set_config", "set_config(", "set_config('a.b", "offset_a.b", "s"})
    EXPECT_EQ(collected(sql), names{}) << sql;
}

}  // namespace
}  // namespace pgweir::test
