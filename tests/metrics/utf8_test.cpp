#include "metrics/utf8.hpp"

#include <gtest/gtest.h>

namespace pgweir::metrics {
namespace {

const std::string replaced = "\xEF\xBF\xBD";

TEST(valid_utf8, keeps_what_is_well_formed) {
  for (const std::string text :
       {"", "plain", "Zürich", "日本", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(valid_utf8(text), text);
}

TEST(valid_utf8, replaces_every_byte_of_what_is_not) {
  EXPECT_EQ(valid_utf8("a\xFFz"), "a" + replaced + "z");
  EXPECT_EQ(valid_utf8("\x80"), replaced) << "a continuation without a start";
  EXPECT_EQ(valid_utf8("\xE2\x82"), replaced + replaced) << "cut short";
  EXPECT_EQ(valid_utf8("\xC3("), replaced + "(") << "a start without a continuation";
  EXPECT_EQ(valid_utf8("\xC0\xAF"), replaced + replaced) << "overlong slash";
  EXPECT_EQ(valid_utf8("\xE0\x80\xAF"), replaced + replaced + replaced) << "overlong in three bytes";
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), replaced + replaced + replaced) << "surrogate";
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), replaced + replaced + replaced + replaced) << "above U+10FFFF";
}

TEST(bounded_label, keeps_up_to_63_bytes) {
  const std::string longest(63, 'x');
  EXPECT_EQ(bounded_label(longest), longest);
  EXPECT_EQ(bounded_label(longest + "y"), longest + "...");
}

TEST(bounded_label, never_cuts_a_character_in_two) {
  const std::string before(62, 'x');
  EXPECT_EQ(bounded_label(before + "é"), before + "...");
  EXPECT_EQ(bounded_label(before + "\xF0\x9F\x98\x80"), before + "...");
}

TEST(bounded_label, bounds_what_replacement_made_longer) {
  EXPECT_LE(bounded_label(std::string(60, '\xFF')).size(), 66U);
  EXPECT_EQ(bounded_label(std::string(60, '\xFF')), valid_utf8(std::string(21, '\xFF')) + "...");
}

}  // namespace
}  // namespace pgweir::metrics
