// Which literals of a query become parameters, and of which type.
#include "proxy/wire/lifted_query.hpp"

#include "proxy/wire/request.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pgweir::wire {
namespace {

struct lifted {
  std::string text;
  std::vector<std::uint32_t> types;
  std::vector<std::string> values;

  bool operator==(const lifted&) const = default;
};

std::ostream& operator<<(std::ostream& out, const lifted& one) {
  out << one.text;
  for (const auto type : one.types) out << " [" << type << "]";
  for (const auto& value : one.values) out << " {" << value << "}";
  return out;
}

lifted lift(std::string_view sql) {
  std::string made = "left over from another one";
  const auto found = lift_literals(sql, made);
  cursor in{as_bytes(made)};
  lifted read{.text = std::string(in.c_string()), .types = {}, .values = {}};
  for (auto types = in.u16(); types > 0; --types) read.types.push_back(in.u32());
  for (const auto value : found.all()) read.values.emplace_back(value);
  EXPECT_TRUE(in.ok() && in.at_end()) << sql;
  return read;
}

lifted unchanged(std::string_view sql) { return {std::string(sql), {}, {}}; }

TEST(lifted_query, a_number_that_a_column_is_compared_with_keeps_its_type) {
  EXPECT_EQ(lift("select a from t where b = 12"), (lifted{"select a from t where b = $1", {23}, {"12"}}));
  EXPECT_EQ(lift("select a from t where b=0;"), (lifted{"select a from t where b=$1;", {23}, {"0"}}));
  EXPECT_EQ(lift("select 1 from t where t.b = 2147483647").types, (std::vector<std::uint32_t>{23}));
  EXPECT_EQ(lift("select 1 from t where \"B\" = 2147483648").types, (std::vector<std::uint32_t>{20}));
  EXPECT_EQ(lift("select 1 from t where b = 999999999999999999").types, (std::vector<std::uint32_t>{20}));
}

TEST(lifted_query, a_string_takes_its_type_from_the_column) {
  EXPECT_EQ(lift("select a from t where b = 'x y' and c = '' or d = 'é'"),
            (lifted{"select a from t where b = $1 and c = $2 or d = $3", {0, 0, 0}, {"x y", "", "é"}}));
}

TEST(lifted_query, literals_are_numbered_as_they_come_and_of_many_the_first_are_taken) {
  std::string sql = "select a from t where a = 0";
  for (int i = 1; i < 20; ++i) sql += " or a = " + std::to_string(i);
  const auto found = lift(sql);
  ASSERT_EQ(found.values.size(), lifted_query::most_values);
  EXPECT_EQ(found.values.back(), "15");
  EXPECT_TRUE(found.text.ends_with("or a = $16 or a = 16 or a = 17 or a = 18 or a = 19")) << found.text;
}

TEST(lifted_query, what_differs_in_such_literals_only_is_one_text) {
  EXPECT_EQ(lift("select a from t where b = 1 /* c */ limit 3").text,
            lift("select a from t where b = 77 /* c */ limit 3").text);
}

TEST(lifted_query, behind_the_literal_the_comparison_must_end) {
  for (const auto* end : {"", ";", ")", " and c", " OR c", " order by 1", " group by a", " having a > 0",
                          " limit 1", " offset 1", " union select 1", " then 2 end", " -- remark"})
    EXPECT_EQ(lift(std::string("select a from t where b = 1") + end).values.size(), 1u) << end;
  for (const auto* end : {"::int2", " + 1", " / 0", " is true", " collate \"C\"", " between 1 and 2",
                          " at time zone 'UTC'", ".5", " = c", " 'x'", ", 2", " in (1)", "[1]"})
    EXPECT_EQ(lift(std::string("select a from t where b = 1") + end),
              unchanged(std::string("select a from t where b = 1") + end));
}

TEST(lifted_query, elsewhere_literals_stay) {
  for (const auto* sql : {"select 1",
                          "select 'a'",
                          "select a from t order by 1 limit 2",
                          "select a from t where 1 = a",
                          "select a from t where b > 1",
                          "select a from t where b <> 1",
                          "select a from t where b in (1, 2)",
                          "select a from t where f(b) = 1",
                          "select a from t where b + 1 = 2",
                          "select a from t where b = -1",
                          "select a from t where b = 1.5",
                          "select a from t where b = 1e3",
                          "select a from t where b = 007",
                          "select a from t where b = 9999999999999999999",
                          "select a from t where b = E'x'",
                          "select a from t where b = $$x$$",
                          "select a from t where b = 'it''s'",
                          "select a from t where b = 'c:\\dir'",
                          "select a from t where b = 'x'\n'y'",
                          "select a from t where b = true",
                          "select a from t where b = date '2020-01-01'",
                          "select a from t where b == 1",
                          "select a from t where b => 1",
                          "select (1) = 1"})
    EXPECT_EQ(lift(sql), unchanged(sql));
}

TEST(lifted_query, a_text_with_grouping_sets_stays_as_it_is) {
  for (const auto* sql :
       {"select b = 1 from t group by grouping sets ((b), ((b = 1)))",
        "select b = 1 from t group by Rollup (b, (b = 1))", "select b = 1 from t group by cube (b, (b = 1))"})
    EXPECT_EQ(lift(sql), unchanged(sql));
}

TEST(lifted_query, a_text_with_parameters_or_not_understood_stays_as_it_is) {
  for (const auto* sql : {"select a from t where b = 1 and c = $1", "select a from t where b = 1 and c = 'x",
                          "select a from t where b = 1 and c = 1x"})
    EXPECT_EQ(lift(sql), unchanged(sql));
}

}  // namespace
}  // namespace pgweir::wire
