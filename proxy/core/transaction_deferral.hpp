// proxy/core/transaction_deferral.hpp - which units pgweir answers itself while a client has no backend:
// those that begin a transaction, and those that end one of which no server knows.
#pragma once

#include "proxy/core/begin_statements.hpp"
#include "proxy/core/state.hpp"

#include <cstddef>
#include <string>

namespace pgweir::core {

struct deferral_rules {
  begin_statements& begins;
  // The server is known to be none in recovery, which would refuse SERIALIZABLE and READ WRITE at BEGIN.
  bool server_takes_writes = false;
};

struct deferral_step {
  enum class outcome : std::uint8_t {
    dispatch,  // a backend is needed
    begun,
    ended,    // without a backend: nothing was done in it
    refused,  // not answered: the transaction has failed, and this is not its end (25P02)
  };
  outcome what = outcome::dispatch;
  std::size_t bytes = 0;  // of the unit, if it is answered
};

// For a client that has no backend, and whose BEGIN may be deferred or is. Looks at the unit at the front of
// `arrived`, which read_unit() found worth a backend; appends the answer.
// A BEGIN that is followed by more in the same piece is not deferred: its client does not wait for the
// answer, and what follows can be sent ahead of it.
deferral_step defer_transaction(client_state& client, wire::bytes_view arrived, const deferral_rules& rules,
                                std::string& answer);

}  // namespace pgweir::core
