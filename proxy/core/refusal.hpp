// proxy/core/refusal.hpp - pgweir itself refuses a unit inside a transaction, which then fails as it would
// had the server refused it.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/cursor.hpp"
#include "proxy/wire/sink.hpp"

#include <string>

namespace pgweir::core {

// `message`: the ErrorResponse. The unit at the front of `arrived` is dropped up to its end, as it comes. The
// server is made to fail the transaction by a statement that must fail; its answer is `message`.
// Preconditions: the transaction is open and has not failed, nothing is owed, the unit has not begun.
void refuse_in_transaction(client_state& client, backend_state& backend, wire::bytes_view arrived,
                           std::string message, wire::sink& to_server);

}  // namespace pgweir::core
