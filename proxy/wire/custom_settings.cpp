#include "proxy/wire/custom_settings.hpp"

#include "proxy/wire/ascii.hpp"

#include <algorithm>

namespace pgweir::wire {
namespace {

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

bool skip_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  if (!std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); }))
    return false;
  if (text.size() > word.size() && continues_identifier(text[word.size()])) return false;
  text.remove_prefix(word.size());
  skip_blanks(text);
  return true;
}

// Identifiers with dots between them; quotes around a part go.
std::string dotted_name(std::string_view text) {
  std::string name;
  for (bool quoted = false; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '"')
      quoted = !quoted;
    else if (quoted || continues_identifier(c) || c == '.')
      name.push_back(c);
    else
      break;
  }
  return name;
}

std::string named_in_literal(std::string_view text) {
  skip_blanks(text);
  if (text.empty() || text.front() != '(') return {};
  text.remove_prefix(1);
  skip_blanks(text);
  if (text.empty() || text.front() != '\'') return {};
  text.remove_prefix(1);
  const auto end = text.find('\'');
  return end == std::string_view::npos ? std::string{} : std::string(text.substr(0, end));
}

std::string name_behind_set(std::string_view text) {
  if (skip_word(text, "set")) {
    skip_word(text, "session");
    return dotted_name(text);
  }
  return skip_word(text, "set_config") ? named_in_literal(text) : std::string{};
}

}  // namespace

void collect_custom_settings(std::string_view sql, std::vector<std::string>& names, std::size_t most) {
  constexpr std::size_t longest_name = 128;
  for (std::size_t at = 0; at + 3 < sql.size() && names.size() < most; ++at) {
    if (lower(sql[at]) != 's' || lower(sql[at + 1]) != 'e' || lower(sql[at + 2]) != 't') continue;
    if (at > 0 && continues_identifier(sql[at - 1])) continue;
    auto name = name_behind_set(sql.substr(at));
    const bool is_custom = name.find('.') != std::string::npos && name.size() <= longest_name;
    if (is_custom && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
}

}  // namespace pgweir::wire
