#include "metrics/log_format.hpp"

#include "tests/metrics/json_line.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace pgweir::metrics::log {
namespace {

using test::read_json_line;

const std::chrono::system_clock::time_point six_o_clock{std::chrono::milliseconds(1'795'240'800'123)};

std::string text(std::string_view message, std::initializer_list<field> fields,
                 level severity = level::info) {
  std::string line;
  append_text(line, {six_o_clock, severity, message, fields});
  return line;
}

std::string json(std::string_view message, std::initializer_list<field> fields,
                 level severity = level::info) {
  std::string line;
  append_json(line, {six_o_clock, severity, message, fields});
  return line;
}

TEST(log_text, is_time_level_message_and_fields) {
  EXPECT_EQ(text("client connected", {{"client", "127.0.0.1:5000"}, {"database", "app"}}),
            "2026-11-21T06:00:00.123Z info client connected client=127.0.0.1:5000 database=app\n");
  EXPECT_EQ(text("x", {}, level::debug), "2026-11-21T06:00:00.123Z debug x\n");
  EXPECT_EQ(text("x", {}, level::warning), "2026-11-21T06:00:00.123Z warning x\n");
  EXPECT_EQ(text("x", {}, level::error), "2026-11-21T06:00:00.123Z error x\n");
}

TEST(log_text, shows_numbers_and_flags_as_they_are) {
  EXPECT_EQ(text("n", {{"port", std::uint16_t{6432}}, {"left", -3}, {"seconds", 0.25}, {"tls", true}}),
            "2026-11-21T06:00:00.123Z info n port=6432 left=-3 seconds=0.25 tls=true\n");
}

TEST(log_text, quotes_values_that_would_read_as_something_else) {
  const std::string prefix = "2026-11-21T06:00:00.123Z info m v=";
  EXPECT_EQ(text("m", {{"v", ""}}), prefix + "\"\"\n");
  EXPECT_EQ(text("m", {{"v", "a b"}}), prefix + "\"a b\"\n");
  EXPECT_EQ(text("m", {{"v", "x=1"}}), prefix + "\"x=1\"\n");
  EXPECT_EQ(text("m", {{"v", "say \"hi\""}}), prefix + "\"say \\\"hi\\\"\"\n");
  EXPECT_EQ(text("m", {{"v", "back\\slash"}}), prefix + "\"back\\\\slash\"\n");
  EXPECT_EQ(text("m", {{"v", "Zürich"}}), prefix + "Zürich\n");
}

TEST(log_text, nothing_can_forge_a_second_line) {
  const std::string line =
      text("bad\nmessage", {{"user", "eve\n2026-11-21T06:00:00.123Z info all is well\r\x1b[2J"}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(log_json, is_one_object_per_line) {
  const auto members = read_json_line(json("client connected", {{"client", "127.0.0.1:5000"}, {"tries", 3}}));
  ASSERT_TRUE(members);
  const std::map<std::string, std::string> expected{{"time", "2026-11-21T06:00:00.123Z"},
                                                    {"level", "info"},
                                                    {"message", "client connected"},
                                                    {"client", "127.0.0.1:5000"},
                                                    {"tries", "3"}};
  EXPECT_EQ(*members, expected);
}

TEST(log_json, gives_back_every_character_of_a_value) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "Zürich \xF0\x9F\x98\x80";
  const auto members = read_json_line(json(all, {{"value", all}}));
  ASSERT_TRUE(members);
  EXPECT_EQ(members->at("value"), all);
  EXPECT_EQ(members->at("message"), all);
}

TEST(log_json, stays_valid_whatever_the_bytes) {
  for (int first = 0; first < 256; ++first) {
    for (const char second : {'"', '\\', '\x80', '\xBF', 'a'}) {
      const std::string bytes{static_cast<char>(first), second};
      EXPECT_TRUE(read_json_line(json(bytes, {{"value", bytes}}))) << first << ' ' << second;
    }
  }
}

TEST(log_json, numbers_stay_valid_also_where_json_has_no_word_for_them) {
  const auto members = read_json_line(json("n", {{"inf", std::numeric_limits<double>::infinity()},
                                                 {"nan", std::numeric_limits<double>::quiet_NaN()},
                                                 {"tiny", 1e-300},
                                                 {"huge", 1e300},
                                                 {"least", std::numeric_limits<std::int64_t>::min()}}));
  ASSERT_TRUE(members);
  EXPECT_EQ(members->at("inf"), "null");
  EXPECT_EQ(members->at("nan"), "null");
  EXPECT_EQ(std::stod(members->at("tiny")), 1e-300);
  EXPECT_EQ(std::stod(members->at("huge")), 1e300);
  EXPECT_EQ(members->at("least"), "-9223372036854775808");
}

}  // namespace
}  // namespace pgweir::metrics::log
