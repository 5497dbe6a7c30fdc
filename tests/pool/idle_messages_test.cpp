#include "pool/idle_messages.hpp"

#include "proxy/wire/error_response.hpp"
#include "proxy/wire/writer.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

std::string parameter(std::string_view name, std::string_view value) {
  std::string bytes;
  wire::writer{bytes}.begin('S').c_string(name).c_string(value).end();
  return bytes;
}

std::string notice() {
  std::string bytes;
  wire::append_notice(bytes, {"WARNING", "01000", "beware", "", ""});
  return bytes;
}

std::string fatal() {
  std::string bytes;
  wire::append_error(bytes, {"FATAL", "57P01", "terminating connection", "", ""});
  return bytes;
}

idle_verdict read(const std::string& bytes) { return read_idle_messages(wire::as_bytes(bytes)); }

TEST(idle_messages, tolerate_parameters_and_notices) {
  const auto bytes = parameter("TimeZone", "UTC") + notice() + parameter("DateStyle", "ISO");
  const auto verdict = read(bytes);
  EXPECT_TRUE(verdict.usable);
  EXPECT_EQ(verdict.taken, bytes.size());
  ASSERT_EQ(verdict.parameters.size(), 2u);
  EXPECT_EQ(verdict.parameters[0].first, "TimeZone");
  EXPECT_EQ(verdict.parameters[1].second, "ISO");
}

TEST(idle_messages, take_whole_messages_only_wherever_they_are_cut) {
  const auto first = notice();
  const auto bytes = first + notice();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto verdict = read(bytes.substr(0, length));
    EXPECT_TRUE(verdict.usable);
    EXPECT_EQ(verdict.taken, length < first.size() ? 0 : first.size());
  }
}

TEST(idle_messages, end_with_an_error_and_tell_its_words) {
  const auto verdict = read(notice() + fatal());
  EXPECT_FALSE(verdict.usable);
  EXPECT_EQ(verdict.sqlstate, "57P01");
  EXPECT_EQ(verdict.reason, "terminating connection");
}

TEST(idle_messages, tell_what_makes_no_sense_and_what_follows_it) {
  const auto first = notice() + std::string("Z\0\0\0\5I", 6);
  const auto verdict = read(first + fatal());
  EXPECT_FALSE(verdict.usable);
  EXPECT_EQ(verdict.unexpected, 'Z');
  EXPECT_EQ(verdict.taken, first.size());
  EXPECT_EQ(verdict.sqlstate, "");
}

TEST(idle_messages, survive_an_error_without_fields) {
  const auto verdict = read(std::string("E\0\0\0\4", 5));
  EXPECT_FALSE(verdict.usable);
  EXPECT_EQ(verdict.sqlstate, "");
}

TEST(idle_messages, refuse_answers_notifications_and_garbage) {
  EXPECT_FALSE(read(std::string("Z\0\0\0\5I", 6)).usable);
  EXPECT_FALSE(read(std::string("D\0\0\0\6\0\0", 7)).usable);
  std::string notification;
  wire::writer{notification}.begin('A').u32(1).c_string("channel").c_string("").end();
  EXPECT_FALSE(read(notification).usable);
  EXPECT_FALSE(read(std::string("S\0\0\0\1", 5)).usable);
  EXPECT_FALSE(read("HTTP/1.1 400").usable);
}

}  // namespace
}  // namespace pgweir::pool
