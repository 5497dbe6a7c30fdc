// Is "name (" a call, and of what? A call is a name before a parenthesis, unless the name is a key word that
// cannot be called, or stands where a type, an alias or a table is named.
#include "proxy/wire/pure_functions.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_judge.hpp"

#include <array>

namespace pgweir::wire {
namespace {

constexpr std::size_t longest_name = 63;  // PostgreSQL cuts longer ones

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool sql_judge::is_word_before_parenthesis() const {
  return last_.kind == sql_token_kind::word || last_.kind == sql_token_kind::quoted_name;
}

bool sql_judge::judge_call() {
  using enum sql_word;
  const bool bare = path_.parts == 1 && !path_.quoted;
  const auto before = path_.before;
  if (bare && is_never_called(last_.word)) return true;
  if (before.word == as || before.mark == cast_mark) return true;
  if (top().at == progress::target || top().at == progress::with_as || top().at == progress::with_next)
    return true;
  if (bare && last_.word == by && (before.word == order || before.word == group || before.word == partition))
    return true;
  if (bare && (last_.word == sets ? before.word == grouping : last_.word == cube && before.word == by))
    return true;
  if (bare && last_.word == operator_ && is_operand(before)) return true;

  if (path_.last.size() > longest_name) return false;
  std::array<char, longest_name> folded;
  for (std::size_t i = 0; i < path_.last.size(); ++i) folded[i] = lower(path_.last[i]);
  if (forcing_.contains({folded.data(), path_.last.size()})) raise(sql_verdict::session_function);

  constexpr auto own_schema = sql_hash("pg_catalog");
  const bool built_in = path_.parts == 1 || (path_.parts == 2 && path_.qualifier == own_schema);
  if (built_in && is_pure_function(path_.hash)) return true;
  // Behind a parenthesis: the columns of an alias, OVER, FILTER.
  if (path_.parts == 1 && before.mark == ')') return true;
  unknown_call_ = true;
  return true;
}

}  // namespace pgweir::wire
