// proxy/core/unit_class.hpp - may this unit share a backend with units of other clients?
//
// Only a whole unit may, all of whose statements are single plain reads; wire/sql_class judges each text.
// What it is not sure of needs a backend of its own (a lease), and says why.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/core/statement_finder.hpp"

#include <cstddef>
#include <cstdint>

namespace pgweir::core {

enum class lease_need : std::uint8_t {
  none,  // it may share
  several_statements,
  command,
  locks_rows,
  session_function,
  temporary,
  not_understood,
  writes,      // or may do so: it could not be sent again
  incomplete,  // not whole, or too large to be kept, or there is no room to keep anything
  pipelined,   // the next one came before this one was answered
};

struct unit_class {
  lease_need need = lease_need::incomplete;
  std::size_t size = 0;           // of the unit; 0: not known
  std::uint64_t fingerprint = 0;  // of its statements, without their literals; 0: not known
  // Takes the place of an unnamed statement that the unit prepares, or of what a simple Query says.
  shared_statement stand_in{};
  // It says anew what it executes, so that a unit before it under the same Sync cannot be taken for it. Else
  // its portals would be those that the other one left.
  bool may_share_sync = false;
  bool is_query = false;     // a simple one; it shares a Sync by the extended protocol, see request_query.cpp
  bool leaves_state = true;  // its session may be another one afterwards, see wire::sql_class
};

// Looks at the unit at the front of `arrived`, which read_unit() found worth a backend.
unit_class classify_unit(const client_state& client, wire::bytes_view arrived, const statement_finder& texts,
                         const wire::session_functions& forcing);

}  // namespace pgweir::core
