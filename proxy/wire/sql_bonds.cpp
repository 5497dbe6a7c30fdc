#include "proxy/wire/sql_bonds.hpp"

#include "proxy/wire/ascii.hpp"

#include <algorithm>
#include <initializer_list>

namespace pgweir::wire {
namespace {

// In any letter case, in the midst of a word or of a literal, too. `word` is lower case.
bool contains(std::string_view text, std::string_view word) {
  const auto same = [](char in_text, char in_word) { return lower(in_text) == in_word; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](auto word) { return contains(text, word); });
}

}  // namespace

sql_bonds bonds_of_unclear(std::string_view text) {
  return {.names_statements = contains_any(text, {"execute", "prepare", "deallocate"}),
          .reads_sequence = contains_any(text, {"currval", "lastval"}),
          .takes_value = true,
          .seeds_random = contains(text, "setseed")};
}

}  // namespace pgweir::wire
