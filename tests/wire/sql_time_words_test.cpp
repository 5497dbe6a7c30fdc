#include "proxy/wire/sql_time_words.hpp"

#include <gtest/gtest.h>

namespace pgweir::wire {
namespace {

TEST(sql_time_words, of_a_literal_mean_the_moment_of_parsing) {
  for (const auto* sql : {
           "select 'now'::timestamptz",
           "select date 'today'",
           "select * from t where at < 'TOMORROW'",
           "select ' Yesterday '::date",
           "select 'today 10:00'::timestamp",
           "select 'now()'::timestamptz",
           "select '[yesterday,)'::daterange",
           "select '{now}'::timestamptz[]",
           "select e'now'::time",
           "select n'now'",
           "select $$now$$::time",
           "select $q$today$q$::date, $1",
           "select U&'\\006eow'::time",
           "select e'\\x6eow'::time",
           "select e'n\\ow'::time",
           "select 'no'\n'w'::time",
           "select 'it''s', 'now'::time",
           "select '_now'::time, 'today_'::date, 'today2'",
           "select 'c:\\', now",  // not understood: depends on standard_conforming_strings
       })
    EXPECT_TRUE(freezes_time(sql)) << sql;
}

TEST(sql_time_words, elsewhere_mean_nothing_of_the_kind) {
  for (const auto* sql : {
           "",
           "select 1",
           "select now()",
           "select now() - $1, 'a'",
           "select now, today from tomorrow -- 'now'",
           "select \"now\", '' /* 'today' */",
           "select 'known', 'nowhere', 'snow', 'pay_now', 'now_paid', 'todays', 'yesterdays'",
           "select e'\\n\\\\o\\'w', '\\x6eow'",
           "select $1, $2",
           "select $$snow$$",
           "select a from t where b like $1 escape '\\'",
       })
    EXPECT_FALSE(freezes_time(sql)) << sql;
}

}  // namespace
}  // namespace pgweir::wire
