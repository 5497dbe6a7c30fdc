// tests/core/model_server.hpp - what PostgreSQL does with the messages of one connection, as far as a relay
// can tell: statements, portals, transactions, errors that skip to the next Sync, COPY.
//
// Its SQL is made up, so that an answer says which statement ran (the tag carries the text):
//   begin, commit, rollback           the transaction state (BEGIN, too: as pgweir itself says it)
//   broken ...                        fails in Parse
//   fails ...                         fails in Execute
//   rows ...                          two rows; Execute with a limit suspends the portal once
//   shaped ..., typed ...             what DDL changes: an older statement fails in Bind and Describe
//   large ...                         a row of 70000 bytes
//   opens ...                         leaves a transaction open, which no SELECT does
//   ... $1                            takes a parameter, whose value takes its place
//   set ...                           leaves session state behind
//   copy ...                          takes CopyData; a line that is "bad" fails
//   deallocate NAME | all, discard all
//   anything else                     one row
// A "select " in front changes nothing: so it may be SQL that shares a backend.
#pragma once

#include "tests/core/messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

class model_server {
 public:
  // The answers to one message.
  std::string answer(const message& request);
  // The answers to whole messages.
  std::string answer_all(std::string_view requests);

  struct statement {
    std::string text;
    int parsed_at = 0;                 // the schema's version
    std::vector<std::uint32_t> types;  // of parameters, as far as the client gave them
  };

  const std::map<std::string, statement>& named() const { return named_; }
  bool has_unnamed() const { return unnamed_.has_value(); }
  // DDL: the version of the schema from now on.
  void set_schema(int version) { schema_ = parses_at_ = version; }
  // The same, where new statements are made as at an older one.
  void set_schema(int version, int parses_at) {
    schema_ = version;
    parses_at_ = parses_at;
  }
  // As if all statements were prepared afresh after each DDL.
  void ignore_schema(bool ignores) { ignores_schema_ = ignores; }
  // As if what "shaped" statements answer, and nothing else, had changed since they were prepared.
  void expire_shapes();
  // A cancel request arrives: what comes next up to the next ReadyForQuery fails.
  void cancel() { is_canceled_ = true; }
  // The same, in the midst of the next Query: its rows have been described.
  void cancel_in_query() { is_canceled_in_query_ = true; }
  // Something of a unit has been worked off, its end has not.
  bool is_in_unit() const { return in_unit_; }
  char transaction() const { return transaction_; }
  bool has_session_state() const { return has_session_state_; }

 private:
  struct portal {
    std::string text;       // with the values of parameters
    std::string statement;  // without
    bool suspended = false;
  };
  // Thrown by a step, so that it ends there.
  struct failure {
    std::string sqlstate;
    std::string text;
    std::string routine{};
  };

  std::string extended(const message& request);
  std::string in_copy(const message& request);
  std::string parse(std::string_view body);
  std::string bind(std::string_view body);
  std::string describe(std::string_view body);
  std::string close(std::string_view body);
  std::string execute(std::string_view body);
  std::string query(std::string_view body);
  std::string run(const std::string& text);
  std::string sync();
  void deallocate(const std::string& what);

  std::string step(const message& request);
  const statement& find(const std::string& name) const;
  void refuse_out_of_date(const statement& used) const;
  void refuse_canceled();
  portal& open_portal(const std::string& name);
  void refuse_in_failed_transaction(const std::string& text) const;
  void end_implicit_transaction();
  std::string failed(const failure& why);

  std::map<std::string, statement> named_;
  std::optional<statement> unnamed_;
  std::map<std::string, portal> portals_;
  std::string copied_;  // the text of the COPY that takes data
  char transaction_ = 'I';
  bool has_session_state_ = false;
  bool skips_until_sync_ = false;
  bool in_copy_ = false;
  bool copy_is_simple_ = false;
  int schema_ = 0;
  int parses_at_ = 0;
  bool ignores_schema_ = false;
  bool is_canceled_ = false;
  bool is_canceled_in_query_ = false;
  bool in_unit_ = false;
};

}  // namespace pgweir::test
