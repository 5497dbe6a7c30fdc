#include "proxy/wire/sql_judge.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_hash.hpp"

namespace pgweir::wire {
namespace {

bool starts_with_folded(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (lower(name[i]) != prefix[i]) return false;
  return true;
}

// pg_temp stands for the session's own schema; its real name is pg_temp_3 or so.
bool is_temporary_schema(std::string_view name) {
  if (name.size() < 7 || lower(name[0]) != 'p') return false;
  return starts_with_folded(name, "pg_toast_temp") ||
         (starts_with_folded(name, "pg_temp") && (name.size() == 7 || name[7] == '_'));
}

// SELECT INTO TEMP.
bool is_temporary(const sql_token& word) {
  return word.hash == sql_hash("temp") || word.hash == sql_hash("temporary");
}

char mark_of(const sql_token& token, char two_characters) {
  if (token.kind != sql_token_kind::punctuation) return 0;
  if (token.text.size() == 1) return token.text[0];
  return token.text == "::" ? two_characters : '\0';
}

}  // namespace

sql_judge::sql_judge(std::string_view text, const session_functions& forcing)
    : scanner_(text), forcing_(forcing) {
  frames_[0] = {};
  frames_[0].must_be_statement = true;
}

sql_class sql_judge::run() {
  for (;;) {
    const auto token = scanner_.next();
    if (token.kind == sql_token_kind::end) return result();
    if (token.kind == sql_token_kind::not_understood || !take(token)) return {};
  }
}

sql_class sql_judge::result() const {
  if (depth_ != 0) return {};
  auto verdict = verdict_;
  // An UPDATE of pg_settings is a SET.
  const bool sets = writes_ && settings_;
  if (sets && verdict < sql_verdict::session_function) verdict = sql_verdict::session_function;
  return {verdict, verdict == sql_verdict::shareable && !writes_ && !calls_unknown_, fingerprint_.value(),
          leaves_state_ || sets || open_command_ == open_command::set, bonds_};
}

bool sql_judge::take(const sql_token& token) {
  const auto found = token.kind == sql_token_kind::word ? find_sql_word(token.hash) : sql_word::other;
  if (ended_) between_statements(token);
  settle(token, found);
  if (!read_head(token, found)) return false;
  switch (token.kind) {
    case sql_token_kind::word:
      word(token, found);
      break;
    case sql_token_kind::quoted_name:
      name(token);
      fingerprint_.add(token.hash);
      break;
    case sql_token_kind::string:
      if (last_.kind != sql_token_kind::string) fingerprint_.literal();
      break;
    case sql_token_kind::op:
      op(token);
      break;
    case sql_token_kind::punctuation:
      return punctuation(token);
    default:
      fingerprint_.literal();
  }
  remember(token, found);
  return true;
}

void sql_judge::between_statements(const sql_token& token) {
  if (token.is(';')) return;
  raise(sql_verdict::several_statements);
  ended_ = false;
  top().at = progress::start;
}

void sql_judge::temporary() {
  raise(sql_verdict::temporary);
  leaves_state_ = true;
  if (command_ == command::create) {
    bonds_.pins = true;
    makes_temporary();
  }
}

// Whether it is a temporary one is told by a later word.
void sql_judge::makes_lasting() {
  made_before_ = bonds_.makes;
  bonds_.makes = made_relation::lasting;
}

void sql_judge::makes_temporary() { bonds_.makes = std::max(made_before_, made_relation::temporary); }

// What the token before left open.
void sql_judge::settle(const sql_token& token, sql_word word) {
  if (open_command_ != open_command::none) settle_command(token);
  if (unknown_call_) {
    unknown_call_ = false;
    if (word != sql_word::select && word != sql_word::with) {
      calls_unknown_ = true;
      leaves_state_ = leaves_state_ || unknown_stays_;
      bonds_.takes_value = bonds_.takes_value || unknown_takes_;
    }
  }
  if (sign_ != 0) {
    if (token.kind != sql_token_kind::number) fingerprint_.add(sign_);
    sign_ = 0;
  }
  const bool may_go_on = token.is(',') || token.is('(') || token.is(')');
  if (top().level.rows && !may_go_on) top().level.rows = false;
}

void sql_judge::word(const sql_token& token, sql_word word) {
  using enum sql_word;
  if (word == into && top().at != progress::target) {
    temporary();
    makes_lasting();
  }
  if (last_.word == into && top().at == progress::query && is_temporary(token)) {
    bonds_.pins = true;
    makes_temporary();
  }
  if (last_.word == for_kw && (word == update || word == no || word == key || word == share))
    raise(sql_verdict::locks_rows);
  if (shows_session(word) || (last_.word == current && word == of)) raise(sql_verdict::session_function);
  if (word == pg_settings) settings_ = true;
  if (word == prepared_statements_view) bonds_.names_statements = true;
  if (depth_ == 0 && top().at == progress::other) word_of_command(token);
  if (word == values) top().level.rows = true;
  name(token);
  const bool constant = word == null_kw || word == true_kw || word == false_kw;
  if (constant && top().level.list && top().at != progress::query)
    fingerprint_.literal();
  else
    fingerprint_.add(token.hash);
}

void sql_judge::name(const sql_token& token) {
  if (is_temporary_schema(token.text)) temporary();
  if (token.kind == sql_token_kind::quoted_name) {
    const auto same = find_sql_word(token.hash);
    if (shows_session(same)) raise(sql_verdict::session_function);
    if (same == sql_word::pg_settings) settings_ = true;
    if (same == sql_word::prepared_statements_view) bonds_.names_statements = true;
  }
  if (last_.mark != '.') {
    path_.begin(last_);
  } else {
    path_.qualifier = path_.hash;
    ++path_.parts;
  }
  path_.last = token.text;
  path_.hash = token.hash;
  path_.quoted = token.kind == sql_token_kind::quoted_name;
  if (path_.parts > 1) judge_field(token);
}

// The sign of a number belongs to the number: it is a sign if nothing stands before it to add to.
void sql_judge::op(const sql_token& token) {
  if (!is_operand(last_) && (token.text == "-" || token.text == "+"))
    sign_ = token.hash;
  else
    fingerprint_.add(token.hash);
}

bool sql_judge::is_operand(const seen& one) {
  using enum sql_token_kind;
  if (one.kind == punctuation) return one.mark == ')' || one.mark == ']';
  return one.kind != end && one.kind != op && (one.kind != word || one.word == sql_word::other);
}

bool sql_judge::punctuation(const sql_token& token) {
  switch (mark_of(token, cast_mark)) {
    case '(':
    case '[':
      return open(token);
    case ')':
    case ']':
      return close(token);
    case ';':
      if (depth_ != 0) raise(sql_verdict::several_statements);
      ended_ = depth_ == 0 && (ended_ || top().at != progress::start);
      break;
    case ',':
      if (top().level.list && !top().level.rows && top().at != progress::query) {
        fingerprint_.end_item(top().level);
        break;
      }
      fingerprint_.add(token.hash);
      break;
    case '.':
      if (last_.kind != sql_token_kind::word && last_.kind != sql_token_kind::quoted_name) {
        path_.begin(last_);
        path_.of_value = true;
      }
      fingerprint_.add(token.hash);
      break;
    default:
      fingerprint_.add(token.hash);
  }
  remember(token, sql_word::other);
  return true;
}

void sql_judge::remember(const sql_token& token, sql_word word) {
  last_ = {token.kind, word, mark_of(token, cast_mark)};
}

bool sql_judge::open(const sql_token& token) {
  if (depth_ + 1 == max_depth) return false;
  const bool square = token.is('[');
  if (!square && is_word_before_parenthesis() && !judge_call()) return false;
  if (top().at == progress::target) top().at = progress::query;

  const bool row = !square && top().level.rows && (last_.word == sql_word::values || last_.mark == ',');
  const bool list = row || last_.word == (square ? sql_word::array : sql_word::in);
  const bool distinct_on =
      last_.word == sql_word::on && path_.parts == 1 && path_.before.word == sql_word::distinct;
  auto& opened = frames_[depth_ + 1];
  opened = {};
  opened.must_be_statement = opens_statement_;
  opened.square = square;
  opened.sets_off = distinct_on || last_.word == sql_word::operator_kw;
  opened.row = row;
  opens_statement_ = false;
  ++depth_;
  fingerprint_.add(token.hash);
  if (list) fingerprint_.open_list(top().level);
  remember(token, sql_word::other);
  return true;
}

bool sql_judge::close(const sql_token& token) {
  auto& closed = top();
  if (depth_ == 0 || closed.square != token.is(']')) return false;
  if (closed.at >= progress::with_name && closed.at <= progress::with_next) return false;
  --depth_;
  if (closed.level.list)
    fingerprint_.close_list(closed.level);
  else
    fingerprint_.add(token.hash);
  if (closed.row) fingerprint_.end_row(closed.level, top().level);
  remember(token, sql_word::other);
  if (closed.sets_off) last_.mark = set_off_mark;
  return true;
}

}  // namespace pgweir::wire
