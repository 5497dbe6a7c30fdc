// The part of the response relay that learns which statements the server has under the client's own names:
// see own_names.hpp.
#include "proxy/core/response_relay.hpp"

namespace pgweir::core {

// All that were given before, but for those which the server refused.
void response_relay::note_names_taken(std::uint64_t serial) {
  backend_.own = backend_state::own_exchange::none;
  client_.names = naming::own;
  client_.statements.clear_before(serial);
}

// pgweir goes on to keep account of it.
void response_relay::note_name_refused(std::uint64_t serial) { client_.statements.renew(serial); }

// The one at the head; those behind it the server skips. SQL finds these when the names are shared again.
void response_relay::note_names_refused_in_unit() {
  backend_.dirty = true;
  const auto& expected = backend_.expected;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& one = expected.at(i);
    if (one.then == bookkeeping::gives_own_name_in_unit) note_name_refused(one.serial);
    if (one.then == bookkeeping::takes_names) return note_names_taken(one.serial);
  }
}

}  // namespace pgweir::core
