// proxy/wire/sql_word.hpp - the key words that tell what a statement is and whether "word (" is a call
// (manual, appendix "SQL Key Words").
#pragma once

#include <cstdint>

namespace pgweir::wire {

enum class sql_word : std::uint8_t {
  other,
  // Reserved, or no function name: "word (" is no call unless the word is quoted or qualified.
  never_called,
  select,
  values,
  table,
  with,
  as,
  not_kw,
  into,
  for_kw,
  in,
  array,
  on,
  distinct,
  order,
  group,
  grouping,
  null_kw,
  true_kw,
  false_kw,
  // Not reserved: may be names of anything.
  insert,
  update,
  delete_kw,
  merge,
  recursive,
  materialized,
  no,
  key,
  share,
  by,
  partition,
  sets,
  cube,  // ROLLUP, too
  operator_kw,
  current,
  of,
  // Relations that show the session, or change it when written to.
  pg_settings,
  session_view,
  prepared_statements_view,
};

// Of sql_token::hash.
sql_word find_sql_word(std::uint64_t hash);

constexpr bool shows_session(sql_word word) { return word >= sql_word::session_view; }
constexpr bool is_never_called(sql_word word) {
  return word >= sql_word::never_called && word <= sql_word::false_kw;
}

}  // namespace pgweir::wire
