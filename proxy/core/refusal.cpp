#include "proxy/core/refusal.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"

#include <utility>

namespace pgweir::core {

void refuse_in_transaction(client_state& client, backend_state& backend, wire::bytes_view arrived,
                           std::string message, wire::sink& to_server) {
  const auto [status, header] = wire::read_header(arrived);
  const bool is_query = status == wire::header_status::complete && header.type == wire::frontend::query;
  std::string failing;
  wire::append_query(failing, "ROLLBACK TO SAVEPOINT \"refused by pgweir\"");
  to_server.put(wire::as_bytes(failing));
  backend.refusal = std::move(message);
  backend.unit = {};
  // The ReadyForQuery of the extended protocol is the Sync's.
  backend.expected.push({.request = request::query,
                         .how = is_query ? handling::forward : handling::swallow,
                         .then = bookkeeping::refuses});
  if (is_query)
    client.rest = {passing::drop, static_cast<std::uint32_t>(header.size())};
  else
    backend.skips_until_sync = true;
  backend.unnamed = unnamed_holder::none();
}

}  // namespace pgweir::core
