// proxy/wire/sql_judge.hpp - goes through the tokens of one text and gathers what classify() wants to know.
//
// Each level of parentheses has a frame. A frame knows whether a statement must stand in it, and how far that
// statement's head has been read: WITH lists and the target of INSERT INTO are followed exactly, since
// INSERT, MERGE and the like may be names elsewhere, and INTO behind a SELECT makes a table.
#pragma once

#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_fingerprint.hpp"
#include "proxy/wire/sql_scanner.hpp"
#include "proxy/wire/sql_word.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::wire {

class sql_judge {
 public:
  sql_judge(std::string_view text, const session_functions& forcing);

  sql_class run();

 private:
  enum class progress : std::uint8_t {
    start,           // nothing of it has been seen
    with_name,       // the name of a common table expression comes
    with_recursive,  // RECURSIVE was read; it may have been the name
    with_as,         // columns, AS
    with_body,       // [NOT] MATERIALIZED, a statement in parentheses
    with_next,       // another one, or the statement itself
    verb_into,       // INSERT or MERGE was read: INTO comes
    target,          // the table's name comes
    query,           // in the middle of a statement
    other,           // no statement: an expression, a list, a command
  };

  // Commands in which something matters further on.
  enum class command : std::uint8_t { other, explain, create, declare };

  struct frame {
    progress at;
    bool must_be_statement;
    bool square;    // [ ]
    bool sets_off;  // DISTINCT ON (...), OPERATOR(...): a call may come right behind it
    bool row;       // of VALUES
    sql_fingerprint::level level;
  };

  // As much of a token as is asked about later.
  struct seen {
    sql_token_kind kind = sql_token_kind::end;
    sql_word word = sql_word::other;  // of an unquoted word
    char mark = 0;                    // punctuation of one character; or one of the marks below
  };
  static constexpr char cast_mark = 'c';     // ::
  static constexpr char set_off_mark = 's';  // the end of a frame that sets off

  // A name, and what qualifies it.
  struct path {
    // Member by member: this is the hot path, and a copy of the whole would wait for its own stores.
    void begin(const seen& token) {
      before = token;
      parts = 1;
      qualifier = 0;
      hash = 0;
      of_value = false;
    }

    seen before;
    std::string_view last;
    std::uint64_t hash = 0;
    std::uint64_t qualifier = 0;  // the part before the last
    std::size_t parts = 0;
    bool quoted = false;    // the last part
    bool of_value = false;  // what it begins behind is no name: (a).b, a[1].b, $1.b
  };

  static constexpr std::size_t max_depth = 100;

  frame& top() { return frames_[depth_]; }
  void raise(sql_verdict verdict) {
    if (verdict > verdict_) verdict_ = verdict;
  }
  sql_class result() const;

  // These are false if the text is not understood.
  bool take(const sql_token& token);
  bool read_head(const sql_token& token, sql_word word);
  bool read_with(const sql_token& token, sql_word word);
  void begin(const sql_token& token, sql_word word);
  static command command_of(const sql_token& first);
  void begin_command(const sql_token& token);
  void settle_command(const sql_token& token);
  void word_of_command(const sql_token& token);
  bool open(const sql_token& token);
  bool close(const sql_token& token);
  void call_of_session_function(std::string_view folded_name);
  bool judge_call();
  void judge_field(const sql_token& token);
  bool punctuation(const sql_token& token);

  void word(const sql_token& token, sql_word word);
  void name(const sql_token& token);
  void op(const sql_token& token);
  void between_statements(const sql_token& token);
  void temporary();
  void makes_lasting();
  void makes_temporary();
  void settle(const sql_token& token, sql_word word);
  void remember(const sql_token& token, sql_word word);
  bool is_word_before_parenthesis() const;
  bool may_be_call() const;
  static bool is_operand(const seen& one);

  sql_scanner scanner_;
  const session_functions& forcing_;
  sql_fingerprint fingerprint_;
  sql_verdict verdict_ = sql_verdict::shareable;
  bool writes_ = false;         // has an INSERT, UPDATE, DELETE or MERGE
  bool calls_unknown_ = false;  // a function that is not known to have no effect
  bool settings_ = false;       // names pg_settings
  bool leaves_state_ = false;   // see sql_class
  // Was read: what follows says what it is.
  enum class open_command : std::uint8_t { none, set, prepare } open_command_ = open_command::none;
  command command_ = command::other;
  // By a command before this one.
  bool pinned_before_ = false;
  made_relation made_before_ = made_relation::none;
  sql_bonds bonds_{};
  bool ended_ = false;            // a ; has ended a statement
  bool unknown_call_ = false;     // "name (" was read: a call, unless a subquery follows
  bool unknown_stays_ = false;    // of that call: it may change the session
  bool unknown_takes_ = false;    // of that call: it may take a sequence's value
  std::uint64_t sign_ = 0;        // + or - was read that belongs to a number, if one follows
  bool opens_statement_ = false;  // what read_head() found out about the parenthesis at hand
  seen last_;
  path path_;
  std::size_t depth_ = 0;
  frame frames_[max_depth];  // up to depth_
};

}  // namespace pgweir::wire
