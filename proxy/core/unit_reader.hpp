// proxy/core/unit_reader.hpp - what a client without a backend has sent: is it worth a backend yet?
//
// A unit is a Query, a FunctionCall, or extended-protocol messages up to their Sync. It is gathered before a
// backend is taken, so that a slow client does not hold one; a Flush, or more bytes than are worth keeping,
// send it off early.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/cursor.hpp"

#include <cstddef>

namespace pgweir::core {

enum class unit_verdict {
  need_more,  // keep the bytes until more arrive
  dispatch,   // a backend is needed for the bytes at the front
  skip,       // drop `bytes`: they concern nobody (late COPY data, a Flush, a unit that was refused)
  ready,      // drop `bytes` and answer ReadyForQuery: a Sync with nothing before it
  terminate,
  violation,
};

struct unit_step {
  unit_verdict what;
  std::size_t bytes = 0;
  const char* violation = nullptr;  // static text
};

// Looks at the front of `arrived`. Precondition: the client holds no backend.
unit_step read_unit(client_state& client, wire::bytes_view arrived);

// pgweir refused the unit at the front: all of it up to its Sync (or the one Query) is to be skipped by
// read_unit, and a transaction that was begun has failed. True: the unit is a Query or FunctionCall, so
// ReadyForQuery is due at once; false: at its Sync.
bool refuse_unit(client_state& client, wire::bytes_view arrived);

}  // namespace pgweir::core
