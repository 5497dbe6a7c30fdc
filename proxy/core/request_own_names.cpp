// The part of the request relay that has the client's statements known to the server under their own names,
// before SQL that names them runs: see own_names.hpp.
#include "proxy/core/own_names.hpp"
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

// SQL would meet shared names. What comes while the server waits for COPY data does not run.
bool request_relay::would_meet_shared_names() const {
  return client_.names == naming::shared && !rules_.on_lane && !replaying_ && !backend_.awaits_copy_data() &&
         !backend_.copy_both;
}

request_relay::naming_step request_relay::names_for(bool named_by_sql) {
  if (!named_by_sql || !would_meet_shared_names()) return naming_step::fits;
  if (backend_.lost_count) return naming_step::too_late;
  const bool must_wait = backend_.unit.begun ? earlier_units_open() : !backend_.expected.empty();
  if (must_wait) return naming_step::waits;
  // A failed transaction takes no SQL; something of the unit may have ended it.
  if (backend_.transaction == 'E') return backend_.unit.executes ? naming_step::too_late : naming_step::fits;
  // Its text is not kept.
  if (client_.statements.any_large()) return naming_step::cannot;
  backend_.unit.begun ? take_own_names_in_unit() : take_own_names();
  return naming_step::waits;
}

std::optional<request_relay::verdict> request_relay::settle_names(bool named_by_sql,
                                                                  const wire::frame_header& header) {
  switch (names_for(named_by_sql)) {
    case naming_step::fits:
      return {};
    case naming_step::waits:
      return verdict::held;
    case naming_step::too_late:
      return refuse(header, refusal_of_names_in_unit());
    case naming_step::cannot:
      return refuse(header, refusal_of_names_of_large());
  }
  return {};
}

// For the use of an unnamed statement that an earlier unit prepared.
std::optional<request_relay::verdict> request_relay::settle_unnamed(std::string_view name,
                                                                    const wire::frame_header& header) {
  const auto* mine = name.empty() ? client_.unnamed.current() : nullptr;
  return settle_names(mine != nullptr && mine->traits.bonds.names_statements, header);
}

// In the message's place the server is sent one that fails in the same way, for the transaction and for the
// rest of the unit; the client is told `why`.
request_relay::verdict request_relay::refuse(const wire::frame_header& header,
                                             const wire::error_fields& why) {
  constexpr std::string_view not_sql("refused by pgweir\0\0\0", 20);
  const bool is_query = header.type == frontend::query;
  open_transaction();
  backend_.unit.is_kept = false;
  backend_.refusal.clear();
  wire::append_error(backend_.refusal, why);
  expected_response entry{.request = is_query ? request::query : request::parse,
                          .then = bookkeeping::refuses};
  built_.clear();
  if (is_query) {
    wire::append_query(built_, wire::before_zero(not_sql));
    entry.prepared = backend_.prepared.changes().last();
    entry.unnamed = drop_unnamed();
    client_.batch_deallocates = false;
  } else {
    wire::append_parse(built_, spare_name(), wire::as_bytes(not_sql));
  }
  client_.in_unit = !is_query;
  inject(built_);
  expect(entry);
  return pass_through(header, passing::drop);
}

void request_relay::give_own_name(std::string_view name, const statement& made, bookkeeping then) {
  built_.clear();
  wire::append_parse(built_, name, wire::as_bytes(made.text_and_types));
  inject(built_);
  ++backend_.counts.server_parses;
  backend_.expected.push({.request = request::parse,
                          .how = handling::swallow,
                          .then = then,
                          .serial = client_.statements.find(name)->serial});
}

// Without a Sync, which would end what the unit has begun. So a statement that cannot be parsed makes the
// unit fail.
void request_relay::take_own_names_in_unit() {
  drop_shared_names();
  backend_.refusal.clear();
  wire::append_error(backend_.refusal, refusal_of_names_in_unit());
  for (const auto& [name, made] : client_.statements.in_order())
    give_own_name(name, *made, bookkeeping::gives_own_name_in_unit);
  built_.clear();
  wire::append_close(built_, 'S', spare_name());
  wire::append_flush(built_);
  inject(built_);
  backend_.expected.push({.request = request::close,
                          .how = handling::swallow,
                          .then = bookkeeping::takes_names,
                          .serial = client_.statements.next_serial()});
  backend_.own = backend_state::own_exchange::takes_names;
  backend_.unit.is_kept = false;
}

// A statement that cannot be parsed, as its table has gone or is locked for too long, must not make the
// transaction fail; pgweir goes on to keep account of it.
void request_relay::take_own_names() {
  const bool in_transaction = backend_.transaction == 'T';
  drop_shared_names();
  end_own_exchange();
  if (in_transaction) ask("SAVEPOINT pgweir");
  for (const auto& [name, made] : client_.statements.in_order()) {
    give_own_name(name, *made, bookkeeping::gives_own_name);
    end_own_exchange();
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
  inject(built_);
}

void request_relay::end_own_exchange(bookkeeping then) {
  built_.clear();
  wire::append_sync(built_);
  inject(built_);
  backend_.expected.push({.request = request::sync, .how = handling::swallow, .then = then});
}

void request_relay::ask(std::string_view sql, bookkeeping then) {
  built_.clear();
  wire::append_query(built_, sql);
  inject(built_);
  backend_.expected.push({.request = request::query, .how = handling::swallow, .then = then});
  server_has_unnamed(unnamed_holder::none());
}

// Behind the first message of a unit, which is judged in its turn.
bool request_relay::rest_names_statements(const wire::frame_header& first) const {
  const bool ends_here = first.type == frontend::sync || first.type == frontend::query;
  if (ends_here || backend_.unit.begun || !would_meet_shared_names() || !is_whole(first)) return false;
  auto left = stream_.rest().subspan(first.size());
  for (;;) {
    const auto message = wire::read_whole_message(left);
    if (!message) return false;
    const auto& [header, content] = *message;
    if (header.type == frontend::sync || header.type == frontend::query) return false;
    if (header.type == frontend::parse) {
      const auto view = wire::read_parse(content);
      if (view && wire::classify(view->text, rules_.catalogue.forcing()).bonds.names_statements) return true;
    }
    left = left.subspan(header.size());
  }
}

}  // namespace pgweir::core
