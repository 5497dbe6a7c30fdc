// proxy/core/sequence_values.hpp - currval() and lastval() tell what the session has taken from sequences.
// The server keeps that by connection, and no SQL can put it anywhere else: so what another client has taken
// there is discarded (DISCARD SEQUENCES) before a client looks, and a client keeps its connection where its
// values will be asked for (pool/sequence_habits.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace pgweir::core {

struct backend_state;
struct client_state;

// What the server would tell on a connection.
enum class sequence_values : std::uint8_t {
  none,
  of_client,  // that has it, or had it last; others' may be among them unless these were discarded first
  of_others,
};

// The client ran a command with this tag; what it sent behind it may have taken values since.
void note_discarded_sequences(client_state& client, backend_state& backend, std::string_view tag);

}  // namespace pgweir::core
