#include "config/units.hpp"

#include <gtest/gtest.h>

namespace pgweir::config {
namespace {

using namespace std::chrono_literals;

TEST(units, reads_a_duration_in_every_unit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("15s"), 15s);
  EXPECT_EQ(parse_duration("15 s"), 15s);
  EXPECT_EQ(parse_duration("10min"), 10min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("10000d"), 240'000h);
}

TEST(units, needs_no_unit_for_zero) {
  EXPECT_EQ(parse_duration("0"), 0ms);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(units, refuses_what_is_no_duration) {
  for (const char* text : {"", "s", "15", "5m", "5S", "1.5s", "-1s", "+1s", " 1s", "1s ", "1  s", "1h30min",
                           "10001d", "18446744073709551615d", "99999999999999999999ms"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(units, reads_a_size_in_every_unit) {
  EXPECT_EQ(parse_size("7B"), 7u);
  EXPECT_EQ(parse_size("512kB"), 512u << 10);
  EXPECT_EQ(parse_size("512KiB"), 512u << 10);
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("64MB"), 64u << 20);
  EXPECT_EQ(parse_size("3GiB"), std::size_t{3} << 30);
  EXPECT_EQ(parse_size("3GB"), std::size_t{3} << 30);
}

TEST(units, refuses_what_is_no_size) {
  for (const char* text : {"", "MiB", "64", "64mb", "64M", "1.5GB", "-1kB", "18446744073709551615GB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pgweir::config
