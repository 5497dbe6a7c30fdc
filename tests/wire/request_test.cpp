#include "proxy/wire/request.hpp"

#include "proxy/wire/frame.hpp"

#include <gtest/gtest.h>

namespace pgweir::wire {
namespace {

using namespace std::string_view_literals;

TEST(request, parse_has_name_text_and_types) {
  const auto view = read_parse(as_bytes("n\0select $1\0\0\1\0\0\0\x17"sv));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->name, "n");
  EXPECT_EQ(view->text, "select $1");
  EXPECT_EQ(view->text_and_types.size(), 16u);
}

TEST(request, parse_that_is_too_short_or_too_long_is_malformed) {
  for (const auto body :
       {""sv, "n"sv, "n\0t"sv, "n\0t\0"sv, "n\0t\0\0"sv, "n\0t\0\0\1\0\0\0"sv, "n\0t\0\0\0x"sv})
    EXPECT_FALSE(read_parse(as_bytes(body)));
}

TEST(request, bind_names_need_only_the_beginning) {
  EXPECT_FALSE(read_bind_names(as_bytes("p\0s"sv)));
  const auto names = read_bind_names(as_bytes("p\0s\0\0\0"sv));
  ASSERT_TRUE(names);
  EXPECT_EQ(names->portal, "p");
  EXPECT_EQ(names->statement, "s");
  EXPECT_EQ(names->size, 4u);
}

TEST(request, target_is_a_statement_or_a_portal) {
  ASSERT_TRUE(read_target(as_bytes("Sx\0"sv)));
  EXPECT_EQ(read_target(as_bytes("Px\0"sv))->kind, 'P');
  for (const auto body : {""sv, "S"sv, "Sx"sv, "Xx\0"sv, "Sx\0y"sv})
    EXPECT_FALSE(read_target(as_bytes(body)));
}

TEST(frame, length_word_must_count_itself_and_stay_below_the_largest_message) {
  EXPECT_EQ(read_header(as_bytes("Q\0\0\0"sv)).status, header_status::incomplete);
  EXPECT_EQ(read_header(as_bytes("Q\0\0\0\3"sv)).status, header_status::malformed);
  EXPECT_EQ(read_header(as_bytes("Q\x80\0\0\0"sv)).status, header_status::malformed);
  EXPECT_EQ(read_header(as_bytes("Q\0\0\0\4"sv)).header.size(), 5u);
}

}  // namespace
}  // namespace pgweir::wire
