#include "proxy/core/unit_bonds.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

wire::sql_bonds bonds_of_bind(const client_state& client, wire::bytes_view body) {
  const auto names = wire::read_bind_names(body);
  if (!names) return {};
  if (names->statement.empty()) {
    const auto* mine = client.unnamed.current();
    return mine == nullptr ? wire::sql_bonds{} : mine->traits.bonds;
  }
  const auto* known = client.statements.find(names->statement);
  return known == nullptr ? wire::sql_bonds{} : known->made->sharing.bonds;
}

}  // namespace

unit_bonds bonds_of_unit(const client_state& client, wire::bytes_view arrived,
                         const wire::session_functions& forcing) {
  unit_bonds found;
  for (std::size_t at = 0;;) {
    const auto message = wire::read_whole_message(arrived.subspan(at));
    if (!message) return found;
    const auto& [header, body] = *message;
    at += header.size();
    switch (header.type) {
      case frontend::query:
        found.bonds |= wire::classify(wire::before_zero(wire::as_text(body)), forcing).bonds;
        break;
      case frontend::parse:
        if (const auto view = wire::read_parse(body))
          found.bonds |= wire::classify(view->text, forcing).bonds;
        continue;
      case frontend::bind:
        found.bonds |= bonds_of_bind(client, body);
        continue;
      case frontend::describe:
      case frontend::close:
      case frontend::execute:
      case frontend::flush:
        continue;
      default:
        break;
    }
    found.size = at;
    return found;
  }
}

}  // namespace pgweir::core
