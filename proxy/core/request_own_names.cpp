// The part of the request relay that has the client's statements known to the server under their own names,
// before SQL that names them runs: see own_names.hpp.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/writer.hpp"

#include <string>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

}  // namespace

// In the midst of a unit the server cannot be asked.
bool request_relay::may_take_own_names() const {
  return client_.names == naming::shared && !rules_.on_lane && !replaying_ && !backend_.unit.begun &&
         !backend_.awaits_copy_data() && !backend_.copy_both && !backend_.lost_count;
}

bool request_relay::names_fit(bool named_by_sql) {
  if (!named_by_sql || !may_take_own_names()) return true;
  if (!backend_.expected.empty()) return false;
  // A failed transaction takes no SQL; a statement whose text is not kept cannot be had under another name.
  if (backend_.transaction == 'E' || client_.statements.any_large()) return true;
  take_own_names();
  return false;
}

// For the use of an unnamed statement that an earlier unit prepared.
bool request_relay::unnamed_fits(std::string_view name) {
  const auto* mine = name.empty() ? client_.unnamed.current() : nullptr;
  return mine == nullptr || names_fit(mine->traits.bonds.names_statements);
}

// A statement that cannot be parsed, as its table has gone or is locked for too long, must not make the
// transaction fail; pgweir goes on to keep account of it.
void request_relay::take_own_names() {
  const bool in_transaction = backend_.transaction == 'T';
  drop_shared_names();
  if (in_transaction) ask("SAVEPOINT pgweir");
  for (const auto& [name, made] : client_.statements.in_order()) {
    built_.clear();
    wire::append_parse(built_, name, wire::as_bytes(made->text_and_types));
    wire::writer{built_}.begin(frontend::sync).end();
    inject(built_);
    ++backend_.counts.server_parses;
    backend_.expected.push({.request = request::parse,
                            .how = handling::swallow,
                            .then = bookkeeping::gives_own_name,
                            .serial = client_.statements.find(name)->serial});
    backend_.expected.push({.request = request::sync, .how = handling::swallow});
    if (in_transaction) ask("ROLLBACK TO SAVEPOINT pgweir");
  }
  if (in_transaction) ask("RELEASE SAVEPOINT pgweir");
  auto& last = backend_.expected.at(backend_.expected.size() - 1);
  last.then = bookkeeping::takes_names;
  last.serial = client_.statements.next_serial();
  backend_.own = backend_state::own_exchange::takes_names;
  backend_.unit.is_kept = false;
}

// By name, as DEALLOCATE ALL would take what SQL has prepared, too: in functions nobody sees that.
void request_relay::drop_shared_names() {
  built_.clear();
  wire::append_close(built_, 'S', spare_name());
  backend_.expected.push({.request = request::close, .how = handling::swallow});
  while (const auto* shared = backend_.prepared.evict_beyond(0)) append_removal(*shared);
  wire::append_sync(built_);
  inject(built_);
  backend_.expected.push({.request = request::sync, .how = handling::swallow});
}

void request_relay::ask(std::string_view sql) {
  built_.clear();
  wire::append_query(built_, sql);
  inject(built_);
  backend_.expected.push({.request = request::query, .how = handling::swallow});
  server_has_unnamed(unnamed_holder::none());
}

// Behind the first message of a unit, which is judged in its turn.
bool request_relay::rest_names_statements(const wire::frame_header& first) const {
  const bool may_go_on = first.type == frontend::parse || first.type == frontend::bind;
  if (!may_go_on || !may_take_own_names() || !is_whole(first)) return false;
  auto left = stream_.rest().subspan(first.size());
  for (;;) {
    const auto [status, header] = wire::read_header(left);
    if (status != wire::header_status::complete || header.size() > left.size()) return false;
    if (header.type == frontend::sync || header.type == frontend::query) return false;
    if (header.type == frontend::parse) {
      const auto view = wire::read_parse(left.subspan(wire::header_size, header.body));
      if (view && wire::classify(view->text, rules_.catalogue.forcing()).bonds.names_statements) return true;
    }
    left = left.subspan(header.size());
  }
}

}  // namespace pgweir::core
