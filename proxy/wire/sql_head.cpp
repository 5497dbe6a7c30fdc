#include "proxy/wire/sql_head.hpp"

#include "proxy/wire/ascii.hpp"

namespace pgweir::wire {
namespace {

// Past white space and comments (manual, "Lexical Structure": /* */ nests).
void skip_blank(std::string_view& text) {
  for (;;) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    if (text.starts_with("--")) {
      const auto end = text.find('\n');
      text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    } else if (text.starts_with("/*")) {
      int depth = 0;
      do {
        if (text.starts_with("/*")) {
          ++depth;
          text.remove_prefix(2);
        } else if (text.starts_with("*/")) {
          --depth;
          text.remove_prefix(2);
        } else {
          text.remove_prefix(1);
        }
      } while (depth > 0 && !text.empty());
    } else {
      return;
    }
  }
}

// The next word, lower case; empty if there is none.
std::string take_word(std::string_view& text) {
  skip_blank(text);
  std::string word;
  if (text.empty() || !starts_identifier(text.front())) return word;
  while (!text.empty() && continues_identifier(text.front())) {
    word.push_back(lower(text.front()));
    text.remove_prefix(1);
  }
  return word;
}

// A quoted name, without its quotes; false if it does not end.
bool take_quoted(std::string_view& text, std::string& name) {
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() != '"') {
      name.push_back(text.front());
      text.remove_prefix(1);
    } else if (text.starts_with("\"\"")) {
      name.push_back('"');
      text.remove_prefix(2);
    } else {
      text.remove_prefix(1);
      return true;
    }
  }
  return false;
}

bool nothing_follows(std::string_view text) {
  skip_blank(text);
  while (!text.empty() && text.front() == ';') {
    text.remove_prefix(1);
    skip_blank(text);
  }
  return text.empty();
}

}  // namespace

sql_head read_sql_head(std::string_view text) {
  skip_blank(text);
  while (!text.empty() && text.front() == ';') {
    text.remove_prefix(1);
    skip_blank(text);
  }
  // Nearly every statement leaves here: neither DEALLOCATE nor DISCARD.
  if (text.empty() || lower(text.front()) != 'd') return {};
  const auto command = take_word(text);
  if (command == "discard")
    return {take_word(text) == "all" ? sql_head_kind::deallocate_all : sql_head_kind::other, {}};
  if (command != "deallocate") return {};

  skip_blank(text);
  std::string name;
  bool quoted = !text.empty() && text.front() == '"';
  if (!quoted) {
    name = take_word(text);
    if (name == "prepare") {
      auto after = text;
      skip_blank(after);
      quoted = !after.empty() && after.front() == '"';
      if (quoted || (!after.empty() && starts_identifier(after.front()))) {
        text = after;
        name = quoted ? std::string{} : take_word(text);
      }
    }
  }
  if (quoted && !take_quoted(text, name)) return {};
  if (!quoted && name == "all") return {sql_head_kind::deallocate_all, {}};
  if (name.empty() || !nothing_follows(text)) return {};
  return {sql_head_kind::deallocate_one, std::move(name)};
}

}  // namespace pgweir::wire
