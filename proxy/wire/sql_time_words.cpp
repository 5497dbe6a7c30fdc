#include "proxy/wire/sql_time_words.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_scanner.hpp"

#include <algorithm>
#include <cstddef>

namespace pgweir::wire {
namespace {

constexpr std::string_view time_words[] = {"now", "today", "tomorrow", "yesterday"};

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool starts_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

// PostgreSQL takes _ for a blank; between letters it is rather a part of a name.
bool ends_before(std::string_view before) {
  if (before.empty()) return true;
  if (before.back() != '_') return !is_letter(before.back());
  return before.size() < 2 || !is_letter(before[before.size() - 2]);
}

bool begins_behind(std::string_view behind) {
  if (behind.empty()) return true;
  if (behind.front() != '_') return !is_letter(behind.front());
  return behind.size() < 2 || !is_letter(behind[1]);
}

bool has_time_word(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char first = lower(text[at]);
    if (first != 'n' && first != 't' && first != 'y') continue;
    for (const auto word : time_words)
      if (starts_with(text.substr(at), word) && ends_before(text.substr(0, at)) &&
          begins_behind(text.substr(at + word.size())))
        return true;
  }
  return false;
}

// A backslash before anything else but these may spell a letter.
bool may_spell_letters(std::string_view text) {
  constexpr std::string_view harmless = "bfnrt\\'";
  for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2))
    if (at + 1 < text.size() && harmless.find(text[at + 1]) == std::string_view::npos) return true;
  return false;
}

bool literal_may_freeze_time(std::string_view literal) {
  const char prefix = lower(literal.front());
  return prefix == 'u' || (prefix == 'e' && may_spell_letters(literal)) || has_time_word(literal);
}

// Nearly every statement with parameters has none.
bool may_have_literals(std::string_view sql) {
  if (sql.find('\'') != std::string_view::npos) return true;
  for (auto at = sql.find('$'); at != std::string_view::npos; at = sql.find('$', at + 1))
    if (at + 1 < sql.size() && !is_digit(sql[at + 1])) return true;
  return false;
}

}  // namespace

bool freezes_time(std::string_view sql) {
  if (!may_have_literals(sql)) return false;
  sql_scanner tokens{sql};
  auto before = sql_token_kind::end;
  for (;;) {
    const auto token = tokens.next();
    if (token.kind == sql_token_kind::end) return false;
    // Where its literals are cannot be told.
    if (token.kind == sql_token_kind::not_understood) return has_time_word(sql) || may_spell_letters(sql);
    if (token.kind == sql_token_kind::string) {
      const bool is_continued = before == sql_token_kind::string;
      if (is_continued || literal_may_freeze_time(token.text)) return true;
    }
    before = token.kind;
  }
}

}  // namespace pgweir::wire
