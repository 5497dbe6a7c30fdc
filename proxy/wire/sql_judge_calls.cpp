// Is "name (" a call, and of what? A call is a name before a parenthesis, unless the name is a key word that
// cannot be called, or stands where a type, an alias or a table is named.
#include "proxy/wire/ascii.hpp"
#include "proxy/wire/pure_functions.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_judge.hpp"

#include <array>

namespace pgweir::wire {
namespace {

constexpr std::size_t longest_name = 63;  // PostgreSQL cuts longer ones

}  // namespace

bool sql_judge::is_word_before_parenthesis() const {
  return last_.kind == sql_token_kind::word || last_.kind == sql_token_kind::quoted_name;
}

// For what is known from the place alone.
bool sql_judge::may_be_call() const {
  using enum sql_word;
  const auto before = path_.before;
  if (before.word == as || before.mark == cast_mark) return false;
  const auto at = frames_[depth_].at;
  if (at == progress::target || at == progress::with_as || at == progress::with_next) return false;
  if (path_.parts != 1 || path_.quoted) return true;
  switch (last_.word) {
    case by:
      return before.word != order && before.word != group && before.word != partition;
    case sets:
      return before.word != grouping;
    case cube:
      return before.word != by;
    case operator_kw:
      return !is_operand(before);
    default:
      return !is_never_called(last_.word);
  }
}

bool sql_judge::judge_call() {
  if (!may_be_call()) return true;
  if (path_.last.size() > longest_name) return false;
  std::array<char, longest_name> folded;
  for (std::size_t i = 0; i < path_.last.size(); ++i) folded[i] = lower(path_.last[i]);
  if (forcing_.contains({folded.data(), path_.last.size()})) raise(sql_verdict::session_function);

  constexpr auto own_schema = sql_hash("pg_catalog");
  const bool built_in = path_.parts == 1 || (path_.parts == 2 && path_.qualifier == own_schema);
  if (built_in && is_pure_function(path_.hash)) return true;
  // Behind a parenthesis: the columns of an alias, OVER, FILTER.
  const bool alias = path_.parts == 1 && path_.before.mark == ')';
  unknown_call_ = !alias;
  return true;
}

}  // namespace pgweir::wire
