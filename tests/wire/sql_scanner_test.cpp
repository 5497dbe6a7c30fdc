#include "proxy/wire/sql_scanner.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace pgweir::wire {
namespace {

// The tokens with a letter for their kind before each: w:word n:name s:string d:number p:parameter o:operator
// c:punctuation; "?" where it is not understood.
std::string scanned(std::string_view text) {
  constexpr char letters[] = {0, 'w', 'n', 's', 'd', 'p', 'o', 'c'};
  std::string found;
  for (sql_scanner scanner(text);;) {
    const auto token = scanner.next();
    if (token.kind == sql_token_kind::end) return found;
    if (!found.empty()) found += ' ';
    if (token.kind == sql_token_kind::not_understood) return found + "?";
    found += letters[static_cast<int>(token.kind)] + std::string(":") + std::string(token.text);
  }
}

struct example {
  std::string_view text;
  std::string_view tokens;
};

void expect_scanned(std::initializer_list<example> all) {
  for (const auto& [text, tokens] : all) EXPECT_EQ(scanned(text), tokens) << text;
}

void expect_not_understood(std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) EXPECT_EQ(scanned(text), "?") << text;
}

TEST(sql_scanner, tells_the_kinds_of_tokens_apart) {
  expect_scanned({
      {"select a.b, \"C\"(1.5,$2)::int[] from t;",
       "w:select w:a c:. w:b c:, n:C c:( d:1.5 c:, p:$2 c:) c::: w:int c:[ c:] w:from w:t c:;"},
      {"", ""},
      {"a$1b _x \xc3\xa9t\xc3\xa9", "w:a$1b w:_x w:\xc3\xa9t\xc3\xa9"},
  });
}

TEST(sql_scanner, skips_white_space_and_comments) {
  expect_scanned({
      {" \t\r\n\f", ""},
      {"a--x\nb --", "w:a w:b"},
      {"a--x\rb", "w:a w:b"},
      {"a/* /* ' */ ; */b/**/", "w:a w:b"},
      {"/*/ x */a", "w:a"},
      {"a/*/* */", "w:a ?"},
  });
  EXPECT_EQ(scanned("\v"), "?");
}

TEST(sql_scanner, reads_literals_of_every_kind) {
  expect_scanned({
      {"'a''b' '' ''''", "s:'a''b' s:'' s:''''"},
      {"E'a\\'b' e'\\\\' E'a''b'", "s:E'a\\'b' s:e'\\\\' s:E'a''b'"},
      {"B'1' x'1f' N'a' U&'d\\0061'", "s:B'1' s:x'1f' s:N'a' s:U&'d\\0061'"},
      {"$$a'b$$ $t$ $$ $T$ $t$", "s:$$a'b$$ s:$t$ $$ $T$ $t$"},
      {"'a'\n'b'", "s:'a' s:'b'"},
      {"'a;--b' /*'*/", "s:'a;--b'"},
  });
}

TEST(sql_scanner, takes_prefixes_of_literals_for_words_where_no_quote_follows) {
  EXPECT_EQ(scanned("e n x b u&a type'a' e 'a'"), "w:e w:n w:x w:b w:u o:& w:a w:type s:'a' w:e s:'a'");
}

TEST(sql_scanner, reads_quoted_names_without_their_quotes) {
  EXPECT_EQ(scanned("\"a\"\"b\".\"select\""), "n:a\"\"b c:. n:select");
  expect_not_understood({"\"\"", "\"a"});
}

TEST(sql_scanner, reads_numbers_up_to_what_is_no_number) {
  expect_scanned({
      {"1 1. .5 1.5e-3 1E+2 2.e1", "d:1 d:1. d:.5 d:1.5e-3 d:1E+2 d:2.e1"},
      {"1..2", "d:1 c:.. d:2"},
      {"1-2", "d:1 o:- d:2"},
  });
  expect_not_understood({"1a", "1e", "1e+", "0x1F", "1_000", "$1a", "1.5x"});
}

TEST(sql_scanner, ends_operators_as_postgresql_does) {
  expect_scanned({
      {"a<=b", "w:a o:<= w:b"},
      {"a=-1", "w:a o:= o:- d:1"},
      {"a@-1", "w:a o:@- d:1"},
      {"*-+", "o:* o:- o:+"},
      {"a*/*x*/b", "w:a o:* w:b"},
      {"a+--x", "w:a o:+"},
      {"a->>'b'", "w:a o:->> s:'b'"},
      {"a=>1 b:=2", "w:a o:=> d:1 w:b c::= d:2"},
  });
}

TEST(sql_scanner, does_not_understand_what_does_not_end) {
  expect_not_understood({"'a", "'a''", "E'a\\'", "E'\\", "\"a", "$$a$", "$a$ $b$", "/* a", "U&'a", "b'1"});
}

TEST(sql_scanner, does_not_understand_what_servers_may_read_differently) {
  expect_not_understood({
      "'a\\'",  // standard_conforming_strings = off
      "'a\\''b'",
  });
  EXPECT_EQ(scanned("'a\\b'"), "s:'a\\b'");
  expect_not_understood({
      "U&\"a\"",
      "E'\x95\\'",  // SJIS: the backslash is half a character
      "f\x95|(",
      std::string_view("a\0b", 3),
      std::string_view("'a\0b'", 5),
  });
  EXPECT_EQ(scanned("a \\d {"), "w:a ?");
}

TEST(sql_scanner, hashes_words_without_their_case_and_quoted_names_with_it) {
  const auto hash = [](std::string_view text) { return sql_scanner(text).next().hash; };
  EXPECT_EQ(hash("SeLeCt"), hash("select"));
  EXPECT_EQ(hash("\"select\""), hash("select"));
  EXPECT_NE(hash("\"Select\""), hash("select"));
}

}  // namespace
}  // namespace pgweir::wire
