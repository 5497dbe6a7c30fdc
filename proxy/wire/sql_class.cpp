#include "proxy/wire/sql_class.hpp"

#include <algorithm>

namespace pgweir::wire {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::uint64_t mix(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
}

bool same(std::string_view word, std::string_view folded) {
  return std::equal(word.begin(), word.end(), folded.begin(), folded.end(),
                    [](char a, char b) { return lower(a) == b; });
}

}  // namespace

// For now: only texts of words, numbers, parameters and simple operators, without literals and calls.
sql_class classify(std::string_view text, const session_functions&) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == ';')) text.remove_suffix(1);
  sql_class found{sql_verdict::command, false, 0xcbf29ce484222325u};
  bool first = true;
  while (!text.empty()) {
    const char c = text.front();
    if (is_blank(c)) {
      text.remove_prefix(1);
    } else if (is_word(c)) {
      const auto end = std::find_if_not(text.begin(), text.end(), is_word);
      const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
      if (first && same(word, "select")) found = {sql_verdict::shareable, true, found.fingerprint};
      if (first && (same(word, "insert") || same(word, "update") || same(word, "delete")))
        found.verdict = sql_verdict::shareable;
      if (!first && same(word, "for")) return {};
      if (same(word, "into")) return {};
      first = false;
      const bool literal = c == '$' || (c >= '0' && c <= '9');
      if (literal) {
        found.fingerprint = mix(found.fingerprint, '?');
      } else {
        for (const char letter : word) found.fingerprint = mix(found.fingerprint, lower(letter));
      }
      text.remove_prefix(word.size());
    } else if (c == ',' || c == '.' || c == '=' || c == '<' || c == '>' || c == '*' || c == '+') {
      found.fingerprint = mix(found.fingerprint, c);
      text.remove_prefix(1);
    } else {
      return {};
    }
  }
  if (first) return {sql_verdict::shareable, true, 1};
  return found;
}

}  // namespace pgweir::wire
