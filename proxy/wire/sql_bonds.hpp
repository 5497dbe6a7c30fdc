// proxy/wire/sql_bonds.hpp - what an SQL text has to do with things that live on one server connection, apart
// from settings. Judged by its tokens (wire/sql_judge); what a function or a DO block hides is not seen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace pgweir::wire {

// Tables, views and the like; the later one counts of several.
enum class made_relation : std::uint8_t { none, temporary, lasting };

struct sql_bonds {
  // EXECUTE, PREPARE, DEALLOCATE, or a look at pg_prepared_statements: the names in it are those that the
  // client gave, by SQL or by the protocol.
  bool names_statements = false;
  bool reads_sequence = false;  // calls currval or lastval
  // INSERT, MERGE, COPY, nextval, and what may hide it: a call of a function that is not known, DO, CALL,
  // EXECUTE, EXPLAIN. Not UPDATE and DELETE, whose triggers would have to do it.
  bool takes_value = false;
  // CREATE TEMP (but for ON COMMIT DROP), PREPARE, LOAD, setseed, a session's advisory lock, a cursor WITH
  // HOLD: the session is to keep its connection.
  bool pins = false;
  bool seeds_random = false;   // calls setseed: from there on random() is a sequence of its own, for ever
  bool listens = false;        // LISTEN: the same where no connection is shared to listen
  bool signals = false;        // calls pg_terminate_backend or pg_cancel_backend
  bool tells_process = false;  // calls pg_backend_pid
  // By any CREATE, or SELECT INTO.
  made_relation makes = made_relation::none;

  sql_bonds& operator|=(const sql_bonds& more) {
    names_statements = names_statements || more.names_statements;
    reads_sequence = reads_sequence || more.reads_sequence;
    takes_value = takes_value || more.takes_value;
    pins = pins || more.pins;
    seeds_random = seeds_random || more.seeds_random;
    listens = listens || more.listens;
    signals = signals || more.signals;
    tells_process = tells_process || more.tells_process;
    makes = std::max(makes, more.makes);
    return *this;
  }

  bool operator==(const sql_bonds&) const = default;
};

// Of a text whose tokens are not understood: whatever it may contain.
sql_bonds bonds_of_unclear(std::string_view text);

}  // namespace pgweir::wire
