#include "proxy/wire/error_response.hpp"

#include "proxy/wire/frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::wire {
namespace {

using namespace std::string_literals;

const error_fields example{.severity = "FATAL",
                           .sqlstate = "3D000",
                           .message = "no such database",
                           .detail = "why",
                           .hint = "what to do"};

bytes_view body_of(const std::string& message) { return as_bytes(message).subspan(header_size); }

TEST(error_response, comes_back_as_it_was_built) {
  std::string message;
  append_error(message, example);
  const auto header = read_header(as_bytes(message));
  ASSERT_EQ(header.status, header_status::complete);
  EXPECT_EQ(header.header.type, 'E');
  EXPECT_EQ(header.header.size(), message.size());
  const auto parsed = parse_error(body_of(message));
  EXPECT_EQ(parsed.severity, "FATAL");
  EXPECT_EQ(parsed.sqlstate, "3D000");
  EXPECT_EQ(parsed.message, "no such database");
  EXPECT_EQ(parsed.detail, "why");
  EXPECT_EQ(parsed.hint, "what to do");
}

TEST(error_response, leaves_empty_fields_out) {
  std::string message;
  append_notice(message,
                {.severity = "NOTICE", .sqlstate = "00000", .message = "m", .detail = {}, .hint = {}});
  EXPECT_EQ(message, "N\0\0\0\x1fSNOTICE\0VNOTICE\0C00000\0Mm\0\0"s);
}

TEST(error_response, lets_no_zero_byte_of_a_name_break_the_layout) {
  std::string message;
  append_error(
      message,
      {.severity = "FATAL", .sqlstate = "28P01", .message = "a\0Dforged"s, .detail = {}, .hint = {}});
  EXPECT_EQ(parse_error(body_of(message)).message, "a");
  EXPECT_TRUE(parse_error(body_of(message)).detail.empty());
}

TEST(error_response, tolerates_missing_fields_and_terminators) {
  for (const auto& body : {""s, "\0"s, "S"s, "SERROR"s, "SERROR\0"s, "\0\0\0"s, "SERROR\0\0C42601\0"s}) {
    EXPECT_TRUE(parse_error(as_bytes(body)).sqlstate.empty());
  }
  EXPECT_EQ(find_error_field(as_bytes("SERROR\0C42601"s), 'C'), "42601");
  EXPECT_EQ(find_error_field(as_bytes("C"s), 'C'), "");
}

TEST(error_response, prefers_the_severity_that_is_never_translated) {
  EXPECT_EQ(parse_error(as_bytes("SFEHLER\0VERROR\0\0"s)).severity, "ERROR");
  EXPECT_EQ(parse_error(as_bytes("SFEHLER\0\0"s)).severity, "FEHLER");
}

TEST(error_response, survives_every_truncation) {
  std::string message;
  append_error(message, example);
  const auto body = body_of(message);
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string copy(
        as_text(body.first(size)));  // of its own size, so that a sanitizer sees a read past it
    EXPECT_LE(parse_error(as_bytes(copy)).hint.size(), example.hint.size());
  }
}

}  // namespace
}  // namespace pgweir::wire
