#include "proxy/core/sequence_values.hpp"

#include "proxy/core/state.hpp"

namespace pgweir::core {

void note_discarded_sequences(client_state& client, backend_state& backend, std::string_view tag) {
  if (tag != "DISCARD ALL" && tag != "DISCARD SEQUENCES") return;
  const auto& expected = backend.expected;
  for (std::size_t i = 1; i < expected.size(); ++i) {
    const auto later = expected.at(i).request;
    if (later == request::query || later == request::bind || later == request::function_call) return;
  }
  backend.sequences = sequence_values::none;
  client.has_taken_value = false;
}

}  // namespace pgweir::core
