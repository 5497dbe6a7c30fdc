// The part of the request relay that minds clients which read rows by the description that they once got.
//
// The server says "cached plan must not change result type" to those who execute what it had planned before
// the table changed. A backend that gets the statement only now has nothing to compare with: so the new
// description is asked for, and compared with what the client was told (response_relay::shape_differs()).
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"

namespace pgweir::core {

// For a Bind. Only where what is executed does nothing but read: it has been done when its description comes.
void request_relay::ensure_rows_as_told(const wire::frame_header& header,
                                        const client_statements::named& known) {
  const auto& made = *known.made;
  if (known.shape == 0 || made.is_large() || !made.sharing.only_reads) return;
  const bool is_blind = stream_.rest().size() > header.size() &&
                        stream_.rest()[header.size()] == static_cast<std::byte>(wire::frontend::execute);
  if (!is_blind) return;
  ensure_prepared(made);
  const bool server_compares = backend_.prepared.parsed(made.id) <= known.since;
  if (server_compares || backend_.prepared.shape(made.id) == known.shape) return;
  built_.clear();
  wire::append_describe(built_, 'S', made.server_name);
  inject(built_);
  backend_.expected.push({.request = request::describe_statement,
                          .how = handling::swallow,
                          .then = bookkeeping::checks_shape,
                          .serial = known.serial,
                          .statement = made.id});
}

}  // namespace pgweir::core
