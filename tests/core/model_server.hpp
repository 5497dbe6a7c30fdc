// tests/core/model_server.hpp - what PostgreSQL does with the messages of one connection, as far as a relay
// can tell: statements, portals, transactions, errors that skip to the next Sync, COPY.
//
// Its SQL is made up, so that an answer says which statement ran (the tag carries the text):
//   begin, commit, rollback           the transaction state
//   broken ...                        fails in Parse
//   fails ...                         fails in Execute
//   rows ...                          two rows; Execute with a limit suspends the portal once
//   set ...                           leaves session state behind
//   copy ...                          takes CopyData; a line that is "bad" fails
//   deallocate NAME | all, discard all
//   anything else                     one row
#pragma once

#include "tests/core/messages.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::test {

class model_server {
 public:
  // The answers to one message.
  std::string answer(const message& request);
  // The answers to whole messages.
  std::string answer_all(std::string_view requests);

  const std::map<std::string, std::string>& named() const { return named_; }
  const std::optional<std::string>& unnamed() const { return unnamed_; }
  char transaction() const { return transaction_; }
  bool has_session_state() const { return has_session_state_; }

 private:
  struct portal {
    std::string text;
    bool suspended = false;
  };
  // Thrown by a step, so that it ends there.
  struct failure {
    std::string sqlstate;
    std::string text;
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

  const std::string& statement(const std::string& name) const;
  portal& open_portal(const std::string& name);
  void refuse_in_failed_transaction(const std::string& text) const;
  void end_implicit_transaction();
  std::string failed(const failure& why);

  std::map<std::string, std::string> named_;
  std::optional<std::string> unnamed_;
  std::map<std::string, portal> portals_;
  std::string copied_;  // the text of the COPY that takes data
  char transaction_ = 'I';
  bool has_session_state_ = false;
  bool skips_until_sync_ = false;
  bool in_copy_ = false;
  bool copy_is_simple_ = false;
};

}  // namespace pgweir::test
