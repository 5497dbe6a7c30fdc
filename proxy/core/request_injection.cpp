// The part of the request relay that sees to it that the server has what a message needs: what is injected,
// and when a message has to wait because that cannot be told yet.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/request.hpp"

namespace pgweir::core {

// Of this client. On a lane there are none: a client has one unit there at a time.
bool request_relay::earlier_units_open() {
  if (!rules_.on_lane && backend_.expected.ready_owed() > 0 && !backend_.lost_count) return true;
  client_.statements.changes().settle_earlier();
  client_.unnamed.changes().settle_earlier();
  if (!rules_.on_lane) backend_.prepared.changes().settle_earlier();
  return false;
}

bool request_relay::name_in_doubt(std::string_view name) {
  if (!earlier_units_open()) return false;
  const bool may_be_dropped = backend_.expected.doubts() > 0 && client_.statements.find(name) != nullptr;
  return may_be_dropped || client_.statements.in_doubt(name);
}

bool request_relay::unnamed_in_doubt() {
  if (!earlier_units_open()) return false;
  const auto* stand_in = client_.unnamed.stand_in();
  return client_.unnamed.in_doubt() || (stand_in != nullptr && statement_in_doubt(*stand_in)) ||
         backend_.prepared.changes().in_doubt(backend_.unnamed_change);
}

bool request_relay::statement_in_doubt(const statement& needed) {
  return earlier_units_open() && (backend_.expected.doubts() > 0 || backend_.prepared.in_doubt(needed.id));
}

bool request_relay::in_doubt(std::string_view name, const client_statements::named* known) {
  if (name.empty()) return unnamed_in_doubt();
  return name_in_doubt(name) || (known != nullptr && statement_in_doubt(*known->made));
}

// Returns the serial of the change, 0 if the client has none.
std::uint64_t request_relay::drop_unnamed() {
  server_has_unnamed(unnamed_holder::none());
  return client_.unnamed.drop();
}

void request_relay::server_has_unnamed(unnamed_holder whose) {
  backend_.unnamed = whose;
  backend_.unnamed_change = backend_.prepared.changes().next();
}

std::string request_relay::spare_name() const { return std::string(rules_.catalogue.prefix()) + "0"; }

// A statement without text, under a name that no client can give: where the server must have some statement.
// Even in a failed transaction the server takes it.
std::string request_relay::append_spare_statement() {
  return append_spare_statement(wire::as_bytes(std::string_view("\0\0\0", 3)));
}

std::string request_relay::append_spare_statement(wire::bytes_view text_and_types) {
  auto name = spare_name();
  wire::append_close(built_, 'S', name);
  wire::append_parse(built_, name, text_and_types);
  backend_.expected.push({.request = request::close, .how = handling::swallow});
  backend_.expected.push({.request = request::parse, .how = handling::swallow});
  return name;
}

void request_relay::ensure_prepared(const statement& needed) {
  if (needed.is_large()) return;
  const bool has_it = backend_.prepared.use(needed.id);
  const bool trusted = backend_.expected.doubts() == 0 && !backend_.prepared.is_stale(needed.id);
  if (has_it && trusted && (!replaying_ || backend_.prepared.is_of_this_unit(needed.id))) return;
  prepare(needed, handling::swallow, bookkeeping::injected, 0);
}

// Prepares afresh where it may be there already: a Close of something missing is no error, a second Parse is
// one.
void request_relay::prepare(const statement& needed, handling how, bookkeeping then, std::uint64_t serial) {
  built_.clear();
  if (backend_.prepared.use(needed.id))
    append_removal(backend_.prepared.close(needed.id));
  else if (const auto* removed = backend_.prepared.close_again(needed.id); removed != nullptr)
    append_removal(*removed);
  while (const auto* victim = backend_.prepared.evict_beyond(rules_.prepared_limit - 1)) {
    append_removal(*victim);
    ++backend_.counts.evictions;
  }
  wire::append_parse(built_, needed.server_name, wire::as_bytes(needed.text_and_types));
  inject(built_);
  ++backend_.counts.server_parses;
  const expected_response entry{
      .request = request::parse,
      .how = how,
      .then = then,
      .serial = serial,
      .statement = needed.id,
      .prepared = backend_.prepared.add(needed.id, needed.server_name, rules_.catalogue.count_parse())};
  how == handling::forward ? expect(entry) : backend_.expected.push(entry);
}

void request_relay::append_removal(const prepared_set::removal& one) {
  wire::append_close(built_, 'S', one.was.server_name);
  backend_.expected.push({.request = request::close,
                          .how = handling::swallow,
                          .then = bookkeeping::evicts_statement,
                          .statement = one.was.id,
                          .prepared = one.serial});
}

// The server must have this client's unnamed statement, or none if the client has none.
void request_relay::ensure_unnamed() {
  const auto* mine = client_.unnamed.current();
  const auto wanted =
      mine == nullptr ? unnamed_holder::none() : unnamed_holder{rules_.client_id, mine->serial};
  // On a lane: an error in the unit of another may yet make the server skip what made it so.
  const bool certain = !rules_.on_lane || !backend_.prepared.changes().in_doubt(backend_.unnamed_change);
  if ((backend_.unnamed == wanted && certain) || (mine != nullptr && mine->is_large)) return;
  built_.clear();
  if (mine == nullptr) {
    wire::append_close(built_, 'S', "");
    backend_.expected.push({.request = request::close, .how = handling::swallow});
  } else {
    wire::append_parse(built_, "", wire::as_bytes(mine->text()));
    backend_.expected.push({.request = request::parse, .how = handling::swallow});
    ++backend_.counts.server_parses;
  }
  inject(built_);
  server_has_unnamed(wanted);
}

}  // namespace pgweir::core
