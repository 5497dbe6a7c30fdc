// The heads of statements: what kind each is, WITH lists, and the table of INSERT INTO and MERGE INTO.
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_judge.hpp"

namespace pgweir::wire {
namespace {

// Commands that leave the session as it was; with those that only undo something. What is not here may be
// anything: CREATE may make a temporary table, EXPLAIN ANALYZE and EXECUTE run other statements, RESET takes
// the application's name away.
constexpr std::string_view harmless_commands[] = {
    "abort",     "analyse", "analyze", "begin",    "close",    "commit", "copy",    "deallocate",
    "discard",   "end",     "fetch",   "lock",     "move",     "notify", "release", "rollback",
    "savepoint", "show",    "start",   "truncate", "unlisten", "vacuum"};

constexpr auto make_harmless() {
  sql_hash_table<64> made;
  for (const auto name : harmless_commands) made.add(sql_hash(name), 1);
  return made;
}
constexpr auto harmless = make_harmless();

bool is_harmless_command(const sql_token& token) {
  return token.kind == sql_token_kind::word && harmless.find(token.hash) != 0;
}

}  // namespace

bool sql_judge::read_head(const sql_token& token, sql_word word) {
  switch (top().at) {
    case progress::start:
      begin(token, word);
      return true;
    case progress::verb_into:
      top().at = word == sql_word::into ? progress::target : progress::query;
      return true;
    case progress::target: {
      const bool goes_on = token.kind == sql_token_kind::quoted_name || token.is('.') || token.is('(') ||
                           (token.kind == sql_token_kind::word && !is_never_called(word));
      if (!goes_on) top().at = progress::query;
      return true;
    }
    case progress::query:
    case progress::other:
      return true;
    default:
      return read_with(token, word);
  }
}

// The first token of a frame.
void sql_judge::begin(const sql_token& token, sql_word word) {
  auto& now = top();
  if (token.is(';')) return;
  switch (word) {
    case sql_word::select:
    case sql_word::values:
    case sql_word::table:
      now.at = progress::query;
      return;
    case sql_word::with:
      now.at = progress::with_name;
      return;
    case sql_word::insert:
    case sql_word::merge:
      writes_ = true;
      bonds_.takes_value = true;
      now.at = now.must_be_statement ? progress::verb_into : progress::other;
      return;
    case sql_word::update:
    case sql_word::delete_kw:
      writes_ = true;
      now.at = now.must_be_statement ? progress::query : progress::other;
      return;
    default:
      break;
  }
  now.at = progress::other;
  if (!now.must_be_statement) return;
  if (token.is('(')) {
    opens_statement_ = true;
    now.at = progress::query;
  } else if (!token.is(')')) {
    begin_command(token);
  }
}

sql_judge::command sql_judge::command_of(const sql_token& first) {
  if (first.is_word("explain")) return command::explain;
  if (first.is_word("create")) return command::create;
  return first.is_word("declare") ? command::declare : command::other;
}

void sql_judge::begin_command(const sql_token& token) {
  raise(sql_verdict::command);
  command_ = command_of(token);
  pinned_before_ = bonds_.pins;
  if (command_ == command::create) makes_lasting();
  if (token.is_word("listen")) bonds_.listens = true;
  if (token.is_word("load")) bonds_.pins = true;
  if (token.is_word("set")) {
    open_command_ = open_command::set;
    return;
  }
  if (token.is_word("prepare")) open_command_ = open_command::prepare;
  if (token.is_word("execute") || token.is_word("deallocate")) bonds_.names_statements = true;
  for (const auto name : {"copy", "do", "call", "execute", "explain"})
    if (token.is_word(name)) bonds_.takes_value = true;
  leaves_state_ = leaves_state_ || !is_harmless_command(token);
}

// SET may be told to last no longer than the transaction; and PREPARE TRANSACTION names no statement.
void sql_judge::settle_command(const sql_token& token) {
  const bool is_set = open_command_ == open_command::set;
  open_command_ = open_command::none;
  const bool of_transaction = token.is_word("transaction");
  if (is_set)
    leaves_state_ =
        leaves_state_ || !(of_transaction || token.is_word("local") || token.is_word("constraints"));
  else if (!of_transaction)
    bonds_.names_statements = bonds_.pins = true;
}

// EXPLAIN EXECUTE, CREATE TABLE t AS EXECUTE, CREATE TEMP TABLE t ON COMMIT DROP, DECLARE c CURSOR WITH HOLD.
void sql_judge::word_of_command(const sql_token& token) {
  const bool runs_prepared = command_ == command::explain || last_.word == sql_word::as;
  if (runs_prepared && token.is_word("execute")) bonds_.names_statements = true;
  if (command_ == command::create && (token.is_word("temp") || token.is_word("temporary"))) {
    bonds_.pins = true;
    makes_temporary();
  }
  if (command_ == command::create && token.is_word("drop")) bonds_.pins = pinned_before_;
  if (command_ == command::declare && last_.word == sql_word::with && token.is_word("hold"))
    bonds_.pins = true;
}

// Exactly what may stand before the statement itself (manual, "WITH Queries"), but for SEARCH and CYCLE.
bool sql_judge::read_with(const sql_token& token, sql_word word) {
  auto& now = top();
  const bool named = token.kind == sql_token_kind::word || token.kind == sql_token_kind::quoted_name;
  switch (now.at) {
    case progress::with_name:
      now.at = word == sql_word::recursive ? progress::with_recursive : progress::with_as;
      return named;
    case progress::with_recursive:
      now.at = word == sql_word::as ? progress::with_body : progress::with_as;
      return named || token.is('(');
    case progress::with_as:
      if (word == sql_word::as) now.at = progress::with_body;
      return word == sql_word::as || token.is('(') || token.is(')');
    case progress::with_body:
      opens_statement_ = token.is('(');
      if (opens_statement_) now.at = progress::with_next;
      return opens_statement_ || word == sql_word::not_kw || word == sql_word::materialized;
    default:
      break;
  }
  if (token.is(',')) {
    now.at = progress::with_name;
    return true;
  }
  if (word == sql_word::with) return false;
  begin(token, word);
  return now.at != progress::other;
}

}  // namespace pgweir::wire
