#include "proxy/wire/sql_scanner.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace pgweir::wire {
namespace {

enum class byte_class : std::uint8_t { other, blank, letter, prefix, digit, dollar, quote, name, op, self };

bool is_letter(byte_class c) { return c == byte_class::letter || c == byte_class::prefix; }

struct tables {
  std::array<byte_class, 256> classes{};
  std::array<unsigned char, 256> folded{};  // of what may be inside an identifier; 0 for the others
};

constexpr tables make_tables() {
  tables made;
  const auto set = [&](std::string_view bytes, byte_class c) {
    for (const char b : bytes) made.classes[static_cast<unsigned char>(b)] = c;
  };
  for (unsigned b = 0; b < 256; ++b) {
    const bool digit = b >= '0' && b <= '9';
    const char folded = lower(static_cast<char>(b));
    if ((folded >= 'a' && folded <= 'z') || b == '_' || b >= 0x80) made.classes[b] = byte_class::letter;
    if (digit) made.classes[b] = byte_class::digit;
    if (made.classes[b] != byte_class::other || b == '$') made.folded[b] = static_cast<unsigned char>(folded);
  }
  set("bBeEnNuUxX", byte_class::prefix);
  set(" \t\n\r\f", byte_class::blank);
  set("~!@#^&|`?+-*/%<>=", byte_class::op);
  set("()[],;.:", byte_class::self);
  set("$", byte_class::dollar);
  set("'", byte_class::quote);
  set("\"", byte_class::name);
  return made;
}
constexpr tables bytes = make_tables();

byte_class class_of(char c) { return bytes.classes[static_cast<unsigned char>(c)]; }
unsigned char folded(char c) { return bytes.folded[static_cast<unsigned char>(c)]; }
bool is_newline(char c) { return c == '\n' || c == '\r'; }
bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; }

// Of a two-byte character of SJIS, BIG5, GBK, JOHAB, ... the second byte may be one of these.
bool may_be_second_byte(char c) { return (c >= ':' && c <= '~' && c != ';') && folded(c) == 0; }

const char* find(const char* from, const char* end, char c) {
  if (from >= end) return nullptr;
  return static_cast<const char*>(std::memchr(from, c, static_cast<std::size_t>(end - from)));
}

}  // namespace

bool sql_scanner::next_is(std::size_t ahead, char c) const {
  return static_cast<std::size_t>(end_ - at_) > ahead && at_[ahead] == c;
}

sql_token sql_scanner::token(sql_token_kind kind, const char* end) {
  const sql_token made{kind, {at_, static_cast<std::size_t>(end - at_)}, 0};
  at_ = end;
  return made;
}

sql_token sql_scanner::hashed(sql_token_kind kind, const char* end) {
  auto made = token(kind, end);
  made.hash = sql_hash(made.text);
  return made;
}

sql_token sql_scanner::next() {
  using enum sql_token_kind;
  if (has_zero_ || !skip_blank()) return {not_understood, {}, 0};
  if (at_ == end_) return {};
  switch (class_of(*at_)) {
    case byte_class::letter:
      return take_word();
    case byte_class::prefix:
      return take_prefixed();
    case byte_class::digit:
      return take_number();
    case byte_class::dollar:
      return take_dollar();
    case byte_class::quote:
      return take_plain_string(0);
    case byte_class::name:
      return take_quoted_name();
    case byte_class::op:
      return take_op();
    case byte_class::self:
      return take_punctuation();
    case byte_class::blank:
    case byte_class::other:
      break;
  }
  return {not_understood, {}, 0};
}

// False if a comment does not end.
bool sql_scanner::skip_blank() {
  for (;;) {
    while (at_ != end_ && class_of(*at_) == byte_class::blank) ++at_;
    if (next_is(0, '-') && next_is(1, '-')) {
      at_ = std::find_if(at_, end_, is_newline);
    } else if (next_is(0, '/') && next_is(1, '*')) {
      if (!skip_nested_comment()) return false;
    } else {
      return true;
    }
  }
}

bool sql_scanner::skip_nested_comment() {
  int depth = 0;
  do {
    if (next_is(0, '/') && next_is(1, '*')) {
      ++depth;
      at_ += 2;
    } else if (next_is(0, '*') && next_is(1, '/')) {
      --depth;
      at_ += 2;
    } else if (at_ == end_) {
      return false;
    } else {
      ++at_;
    }
  } while (depth > 0);
  return true;
}

sql_token sql_scanner::take_word() {
  auto hash = sql_hash_basis;
  const char* end = at_;
  for (; end != end_ && folded(*end) != 0; ++end) hash = sql_hash_add(hash, folded(*end));
  if (end != end_ && is_high(end[-1]) && may_be_second_byte(*end))
    return {sql_token_kind::not_understood, {}, 0};
  auto made = token(sql_token_kind::word, end);
  made.hash = hash;
  return made;
}

// A letter that may begin a literal: E'' B'' X'' N'' U&'' U&"".
sql_token sql_scanner::take_prefixed() {
  const auto letter = folded(*at_);
  if (letter == 'u') {
    if (!next_is(1, '&')) return take_word();
    if (next_is(2, '\'')) return take_plain_string(2);
    return next_is(2, '"') ? sql_token{sql_token_kind::not_understood, {}, 0} : take_word();
  }
  if (!next_is(1, '\'')) return take_word();
  return letter == 'e' ? take_escape_string() : take_plain_string(1);
}

// A doubled quote inside looks like the end of one literal and the start of the next: both are passed here.
sql_token sql_scanner::take_plain_string(std::size_t prefix) {
  for (const char* from = at_ + prefix + 1;;) {
    const char* quote = find(from, end_, '\'');
    if (quote == nullptr || quote[-1] == '\\') return {sql_token_kind::not_understood, {}, 0};
    from = quote + 1;
    if (from == end_ || *from != '\'') return token(sql_token_kind::string, from);
    ++from;
  }
}

sql_token sql_scanner::take_escape_string() {
  for (const char* c = at_ + 2; c < end_; ++c) {
    if (*c == '\\') {
      if (is_high(c[-1])) break;
      ++c;
    } else if (*c == '\'') {
      if (c + 1 == end_ || c[1] != '\'') return token(sql_token_kind::string, c + 1);
      ++c;
    }
  }
  return {sql_token_kind::not_understood, {}, 0};
}

sql_token sql_scanner::take_quoted_name() {
  ++at_;
  for (const char* from = at_;;) {
    const char* quote = find(from, end_, '"');
    if (quote == nullptr || quote == at_) return {sql_token_kind::not_understood, {}, 0};
    from = quote + 1;
    if (from == end_ || *from != '"') {
      const auto made = hashed(sql_token_kind::quoted_name, quote);
      at_ = from;
      return made;
    }
    ++from;
  }
}

// $1, or a literal between two equal $tag$.
sql_token sql_scanner::take_dollar() {
  const sql_token failed{sql_token_kind::not_understood, {}, 0};
  const char* c = at_ + 1;
  if (c != end_ && class_of(*c) == byte_class::digit) {
    c = std::find_if(c, end_, [](char digit) { return class_of(digit) != byte_class::digit; });
    return c != end_ && is_letter(class_of(*c)) ? failed : token(sql_token_kind::parameter, c);
  }
  while (c != end_ && *c != '$' && folded(*c) != 0) ++c;
  if (c == end_ || *c != '$') return failed;
  const std::string_view tag(at_, static_cast<std::size_t>(c + 1 - at_));
  const std::string_view rest(c + 1, static_cast<std::size_t>(end_ - c - 1));
  const auto found = rest.find(tag);
  if (found == std::string_view::npos) return failed;
  return token(sql_token_kind::string, c + 1 + found + tag.size());
}

sql_token sql_scanner::take_number() {
  const auto digits = [&](const char* from) {
    return std::find_if(from, end_, [](char digit) { return class_of(digit) != byte_class::digit; });
  };
  const char* c = digits(at_);
  if (c != end_ && *c == '.' && !(c + 1 != end_ && c[1] == '.')) c = digits(c + 1);
  if (c != end_ && (*c == 'e' || *c == 'E')) {
    const char* exponent = c + 1;
    if (exponent != end_ && (*exponent == '+' || *exponent == '-')) ++exponent;
    const char* end = digits(exponent);
    if (end != exponent) c = end;
  }
  if (c != end_ && is_letter(class_of(*c))) return {sql_token_kind::not_understood, {}, 0};
  return token(sql_token_kind::number, c);
}

// As long as possible, but not into a comment; a + or - at its end belongs to it only if one of certain
// characters is in it (manual, "Operators").
sql_token sql_scanner::take_op() {
  const char* c = at_;
  bool keeps_sign = false;
  for (; c != end_ && class_of(*c) == byte_class::op; ++c) {
    const bool more = c + 1 != end_;
    if (more && ((*c == '-' && c[1] == '-') || (*c == '/' && c[1] == '*'))) break;
    keeps_sign = keeps_sign || std::strchr("~!@#^&|`?%", *c) != nullptr;
  }
  while (!keeps_sign && c - at_ > 1 && (c[-1] == '+' || c[-1] == '-')) --c;
  return hashed(sql_token_kind::op, c);
}

sql_token sql_scanner::take_punctuation() {
  if (*at_ == '.' && at_ + 1 != end_ && class_of(at_[1]) == byte_class::digit) return take_number();
  const bool two = (*at_ == '.' && next_is(1, '.')) || (*at_ == ':' && (next_is(1, ':') || next_is(1, '=')));
  return hashed(sql_token_kind::punctuation, at_ + (two ? 2 : 1));
}

}  // namespace pgweir::wire
