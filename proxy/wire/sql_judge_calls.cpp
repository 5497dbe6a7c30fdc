// Is "name (" a call, and of what? A call is a name before a parenthesis, unless the name is a key word that
// cannot be called, or stands where a type, an alias or a table is named.
//
// A field may be a call, too: PostgreSQL takes v.f for f(v) if v has no such column (ParseFuncOrColumn;
// manual, "Using Composite Types in Queries"), also where v is no row: (7::bigint).pg_advisory_lock.
#include "proxy/wire/ascii.hpp"
#include "proxy/wire/process_sites.hpp"
#include "proxy/wire/pure_functions.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_judge.hpp"

#include <array>

namespace pgweir::wire {
namespace {

// Functions that do something, or answer something else each time, but leave the session as it was.
constexpr std::string_view effects_elsewhere[] = {"nextval",
                                                  "setval",
                                                  "random",
                                                  "clock_timestamp",
                                                  "timeofday",
                                                  "gen_random_uuid",
                                                  "gen_random_bytes",
                                                  "uuid_generate_v1",
                                                  "uuid_generate_v4",
                                                  "pg_sleep",
                                                  "pg_sleep_for",
                                                  "pg_sleep_until",
                                                  "txid_current",
                                                  "txid_current_if_assigned",
                                                  "pg_current_xact_id",
                                                  "pg_current_xact_id_if_assigned",
                                                  "pg_notify",
                                                  "pg_size_pretty",
                                                  "pg_table_size",
                                                  "pg_total_relation_size",
                                                  "pg_relation_size",
                                                  "pg_database_size"};

constexpr bool advances_sequence(std::uint64_t hash) {
  return hash == sql_hash("nextval") || hash == sql_hash("setval");
}

constexpr auto make_effects_elsewhere() {
  sql_hash_table<64> made;
  for (const auto name : effects_elsewhere) made.add(sql_hash(name), 1);
  return made;
}
constexpr auto has_effects_elsewhere = make_effects_elsewhere();

constexpr std::size_t longest_name = 63;  // PostgreSQL cuts longer ones

// A name as the operator and the lists have it.
class folded_name {
 public:
  explicit folded_name(std::string_view name) : size_(name.size()) {
    for (std::size_t i = 0; i < size_; ++i) bytes_[i] = lower(name[i]);
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, longest_name> bytes_;
  std::size_t size_;
};

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

void sql_judge::call_of_session_function(std::string_view folded_name) {
  raise(sql_verdict::session_function);
  leaves_state_ = leaves_state_ || forcing_.leaves_state(folded_name);
  if (folded_name == "pg_prepared_statement") bonds_.names_statements = true;
  if (folded_name.starts_with("pg_advisory_lock") || folded_name.starts_with("pg_try_advisory_lock"))
    bonds_.pins = true;
  if (folded_name == "setseed") bonds_.pins = bonds_.seeds_random = true;
  if (folded_name == "currval" || folded_name == "lastval") bonds_.reads_sequence = true;
  for (const auto name : signalling_functions)
    if (folded_name == name) bonds_.signals = true;
  if (folded_name == "pg_backend_pid") bonds_.tells_process = true;
}

bool sql_judge::judge_call() {
  if (!may_be_call()) return true;
  if (path_.last.size() > longest_name) return false;
  const folded_name folded(path_.last);
  if (forcing_.contains(folded.view())) call_of_session_function(folded.view());

  constexpr auto own_schema = sql_hash("pg_catalog");
  const bool built_in = path_.parts == 1 || (path_.parts == 2 && path_.qualifier == own_schema);
  if (built_in && is_pure_function(path_.hash)) return true;
  // Behind a parenthesis: the columns of an alias, OVER, FILTER.
  const bool alias = path_.parts == 1 && path_.before.mark == ')';
  unknown_call_ = !alias;
  const bool is_harmless = built_in && has_effects_elsewhere.find(path_.hash) != 0;
  const bool is_named = forcing_.names(folded.view());
  unknown_stays_ = !is_harmless && !is_named;
  unknown_takes_ = is_harmless ? advances_sequence(path_.hash) : !is_named;
  return true;
}

// A field of a value is taken for a call. That of a name (t.a) is nearly always a column: it is a call only
// if the name says so.
void sql_judge::judge_field(const sql_token& token) {
  const bool of_value = path_.of_value;
  const bool may_force = forcing_.may_name(token.text);
  if (!of_value && !may_force && !has_effect_on_value(token.hash)) return;
  if (top().at == progress::target) return;
  const bool is_cut = token.text.size() > longest_name;
  if (is_cut) leaves_state_ = true;
  if (may_force && !is_cut) {
    const folded_name folded(token.text);
    if (forcing_.names(folded.view())) call_of_session_function(folded.view());
  }
  if (of_value && forcing_.names_all()) raise(sql_verdict::session_function);
  const bool pure = of_value ? is_pure_function(token.hash) : !has_effect_on_value(token.hash);
  if (is_cut || !pure) calls_unknown_ = true;
  if (of_value && !pure) leaves_state_ = true;
}

}  // namespace pgweir::wire
