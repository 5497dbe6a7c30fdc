// proxy/core/undo.hpp - takes back what a message changed when it was sent, because the server did not do it.
#pragma once

#include "proxy/core/state.hpp"

namespace pgweir::core {

// The client's names. `tried`: the server refused this very message; else it skipped it, or never saw it.
void undo_names(client_state& client, const expected_response& sent, bool tried);
// Which statements the backend has.
void undo_preparing(backend_state& backend, const expected_response& sent);

}  // namespace pgweir::core
