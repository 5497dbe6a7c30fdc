// proxy/wire/sql_scanner.hpp - the tokens of an SQL text, as PostgreSQL's scanner (scan.l) sees them; manual,
// "Lexical Structure". Where versions or settings of the server would see different tokens, the token is
// "not understood": a \' in a plain literal (standard_conforming_strings), letters right behind a number (an
// error since PostgreSQL 15), U&"..." names, bytes that may be half a character of a client encoding.
#pragma once

#include "proxy/wire/sql_hash.hpp"

#include <cstdint>
#include <string_view>

namespace pgweir::wire {

enum class sql_token_kind : std::uint8_t {
  end,
  word,         // identifier or key word, not quoted
  quoted_name,  // "..."
  string,  // '...', with any prefix, or $tag$...$tag$; one piece, where pieces are continued on a new line
  number,
  parameter,    // $1
  op,           // + <= ->>
  punctuation,  // ( ) [ ] , ; . .. : :: :=
  not_understood,
};

struct sql_token {
  sql_token_kind kind = sql_token_kind::end;
  std::string_view text;   // as written, into the scanned text; a quoted name without its quotes
  std::uint64_t hash = 0;  // sql_hash() of words (folded to lower case), quoted names, op, punctuation

  // An unquoted one; `lower_case` as PostgreSQL would fold it.
  constexpr bool is_word(std::string_view lower_case) const {
    return kind == sql_token_kind::word && hash == sql_hash(lower_case);
  }
  bool is(char c) const { return kind == sql_token_kind::punctuation && text.size() == 1 && text[0] == c; }
};

class sql_scanner {
 public:
  explicit sql_scanner(std::string_view text)
      : at_(text.data()),
        end_(text.data() + text.size()),
        has_zero_(text.find('\0') != std::string_view::npos) {}

  // After `end` and `not_understood` there is nothing to be had.
  sql_token next();

 private:
  bool skip_blank();
  bool skip_nested_comment();
  bool next_is(std::size_t ahead, char c) const;
  sql_token token(sql_token_kind kind, const char* end);
  sql_token hashed(sql_token_kind kind, const char* end);
  sql_token take_word();
  sql_token take_prefixed();
  sql_token take_plain_string(std::size_t prefix);
  sql_token take_escape_string();
  sql_token take_quoted_name();
  sql_token take_dollar();
  sql_token take_number();
  sql_token take_op();
  sql_token take_punctuation();

  const char* at_;
  const char* end_;
  bool has_zero_;  // then nothing is understood
};

}  // namespace pgweir::wire
