// proxy/core/expected_responses.hpp - what a backend still owes, in order: the one queue that pipelining,
// injected messages and the counting of ReadyForQuery rest on.
//
// Every message that was sent and will be answered has one entry. An entry says who the answer is for: the
// client (forward), nobody (swallow), or that no answer will come because nothing was sent and pgweir says it
// itself when its turn comes (synthesise).
#pragma once

#include "proxy/core/ring.hpp"

#include <cstddef>
#include <cstdint>

namespace pgweir::core {

enum class request : std::uint8_t {
  parse,               // ParseComplete
  bind,                // BindComplete
  close,               // CloseComplete
  describe_statement,  // ParameterDescription, then RowDescription or NoData
  describe_portal,     // RowDescription or NoData
  execute,             // CommandComplete, EmptyQueryResponse or PortalSuspended, rows before it
  query,               // anything up to ReadyForQuery
  function_call,       // FunctionCallResponse or ErrorResponse, then ReadyForQuery
  sync,                // ReadyForQuery
  copy_end,            // nothing: marks where the client's CopyDone or CopyFail stands in the stream
};

constexpr bool ends_in_ready(request what) {
  return what == request::query || what == request::function_call || what == request::sync;
}

enum class handling : std::uint8_t { forward, swallow, synthesise };

// What else has to be done when the answer comes, or does not come because of an error before it.
enum class bookkeeping : std::uint8_t {
  none,
  names_statement,         // parse: the client's name -> statement; an error takes the name away again
  injected,                // parse of a statement the backend lacked
  evicts_statement,        // close of a statement on the server; skipped by an error, it is still there
  unnames_statement,       // close of the client's name; skipped by an error, the name is still there
  sets_unnamed,            // parse of the client's unnamed statement
  drops_unnamed,           // close of the client's unnamed statement
  stands_in,               // bind: of a shared statement in the place of the unnamed one
  deallocates_one,         // query: DEALLOCATE of one of the client's names
  probes_state,            // query of pgweir's own: its rows say what the session has left
  changes_channels,        // query of pgweir's own: what the connection listens to; may fail
  opens_transaction,       // the last of what tells the server of a BEGIN that pgweir has answered
  fails_transaction,       // query of pgweir's own, which leaves a failed transaction
  prepares_ahead,          // parse ahead of a transaction; what is refused is tried again inside
  adapts,                  // query of pgweir's own: makes the connection fit, before the client's unit may go
  discards_sequences,      // execute: others' values are gone; skipped by an error, they are still there
  refuses,                 // query or parse that fails on purpose: the client is told why instead
  gives_own_name,          // parse of a statement under its client's name; an error leaves it as it was
  gives_own_name_in_unit,  // the same without a Sync behind it: an error fails the client's unit
  takes_names,             // the last answer to pgweir's own making the client's names known to the server
  of_query,                // parse, bind, describe_portal of a simple Query: its client gets their notices,
                           // and of rows that there are not it is told nothing
  was_refused,             // its client has been told that it failed, whatever the server makes of it
  checks_shape,            // describe_statement: whether the client still knows what the rows look like
  ignored_in_copy,         // sync sent while a COPY FROM STDIN was taking data: the server does not answer it
};

struct expected_response {
  core::request request = core::request::sync;
  handling how = handling::forward;
  bookkeeping then = bookkeeping::none;
  bool may_deallocate =
      false;  // its SQL may drop prepared statements: the backend's set is in doubt until answered
  std::uint64_t serial = 0;     // of the change to the client's statements, see pending_changes
  std::uint64_t statement = 0;  // id in the catalogue
  // Serial of the change to the backend's prepared_set; where the entry ends a unit: of the last one before,
  // all of which are certain when it is answered. 0: none.
  std::uint64_t prepared = 0;
  std::uint64_t unnamed =
      0;  // end of a simple Query: serial of the drop of the client's unnamed statement; 0: it had none

  // The end of a unit on a lane whose Sync was left out, because a later unit's ends this one, too.
  bool is_withheld_sync() const { return request == core::request::sync && how == handling::synthesise; }
  // pgweir's own question to the server, not a part of a client's unit.
  bool is_own_exchange() const { return request == core::request::query && how == handling::swallow; }
};

class expected_responses {
 public:
  bool empty() const { return ring_.empty(); }
  std::size_t size() const { return ring_.size(); }
  // ReadyForQuery messages still to come.
  std::size_t ready_owed() const { return ready_owed_; }
  // Entries whose SQL may drop prepared statements.
  std::size_t doubts() const { return doubts_; }

  expected_response& front() { return ring_.front(); }
  const expected_response& front() const { return ring_.front(); }
  const expected_response& at(std::size_t i) const { return ring_.at(i); }
  expected_response& at(std::size_t i) { return ring_.at(i); }

  void push(const expected_response& next);
  void pop();
  // Takes out the entries i with gone(entry), keeping the order of the others.
  template <class Predicate>
  void remove_if(Predicate gone) {
    const auto total = size();
    for (std::size_t i = 0; i < total; ++i) {
      const auto entry = front();
      pop();
      if (!gone(entry)) push(entry);
    }
  }
  void clear();

 private:
  void count(const expected_response& entry, int direction);

  ring<expected_response> ring_;
  std::size_t ready_owed_ = 0;
  std::size_t doubts_ = 0;
};

}  // namespace pgweir::core
