// The part of the request relay that tells the server of a transaction which pgweir has answered.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_head.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::core {

// Of an extended unit, before anything of it goes. What it waits for it must not wait for when BEGIN has
// gone: the server says nothing before the Sync.
request_relay::verdict request_relay::open_ahead_of(const wire::frame_header& first) {
  if (!client_.deferred.is_begun() && !client_.deferred.is_handed_over()) return verdict::done;
  const bool is_read = first.type == wire::frontend::parse || first.type == wire::frontend::describe;
  if (is_read && first.size() <= whole_message_limit && !is_whole(first)) return verdict::need_more;
  if (prepares_ahead(first)) return verdict::held;
  if (names_for(may_name_statements(first)) == naming_step::waits) return verdict::held;
  open_transaction();
  return verdict::done;
}

// Parsed inside, what a Describe needs would take the transaction's snapshot, after which the server refuses
// SET TRANSACTION ISOLATION LEVEL. True: the unit waits until the server has it.
bool request_relay::prepares_ahead(const wire::frame_header& first) {
  if (first.type != wire::frontend::describe || !is_whole(first) || client_.names != naming::shared)
    return false;
  const auto target = wire::read_target(body(first));
  const auto* known = target && target->kind == 'S' ? client_.statements.find(target->name) : nullptr;
  if (known == nullptr || known->made->is_large() || backend_.prepared.added(known->made->id) != 0)
    return false;
  prepare(*known->made, handling::swallow, bookkeeping::prepares_ahead, 0);
  end_own_exchange(bookkeeping::adapts);
  backend_.own = backend_state::own_exchange::adapts;
  return true;
}

bool request_relay::may_name_statements(const wire::frame_header& first) const {
  if (first.type == wire::frontend::parse) {
    const auto view = is_whole(first) ? wire::read_parse(body(first)) : std::nullopt;
    if (!view) return false;
    const auto judged = wire::classify(view->text, rules_.catalogue.forcing());
    const bool is_own_affair =
        view->name.empty() && deallocates_alone(wire::read_sql_head(view->text), judged);
    return judged.bonds.names_statements && !is_own_affair;
  }
  const auto* mine = client_.unnamed.current();
  return mine != nullptr && mine->traits.bonds.names_statements;
}

// Returns the name of the statement on the server: none where SQL looks at those that have one.
std::string_view request_relay::provide_begin(const statement& begin) {
  if (client_.names == naming::shared) {
    if (backend_.prepared.added(begin.id) <= backend_.doubted) backend_.prepared.distrust(begin.id);
    ensure_prepared(begin);
    return begin.server_name;
  }
  built_.clear();
  wire::append_parse(built_, "", wire::as_bytes(begin.text_and_types));
  inject(built_);
  backend_.expected.push({.request = request::parse, .how = handling::swallow});
  server_has_unnamed(unnamed_holder::unknown());
  return {};
}

// BEGIN goes ahead of the first unit, by the extended protocol and without a Sync: should it fail, the server
// skips that unit, which must not run outside its transaction.
void request_relay::open_transaction() {
  if (client_.deferred.is_handed_over()) return open_failed_transaction();
  if (!client_.deferred.is_begun()) return;
  const bool leaves_portal = client_.deferred.leaves_portal();
  const auto& begin = client_.deferred.send();
  backend_.unit.begun = true;
  const auto name = provide_begin(begin);
  built_.clear();
  wire::append_bind(built_, name);
  backend_.expected.push({.request = request::bind, .how = handling::swallow, .statement = begin.id});
  wire::append_execute(built_, "");
  expected_response last{.request = request::execute, .how = handling::swallow};
  if (!leaves_portal) {
    backend_.expected.push(last);
    wire::append_close(built_, 'P', "");
    last.request = request::close;
  }
  last.then = bookkeeping::opens_transaction;
  backend_.expected.push(last);
  inject(built_);
}

// What the client's has become, before what may end it.
void request_relay::open_failed_transaction() {
  client_.deferred.end();
  backend_.unit.is_kept = false;
  backend_.unit.begun = true;
  ask("BEGIN; ROLLBACK TO SAVEPOINT \"refused by pgweir\"", bookkeeping::fails_transaction);
}

void request_relay::resync() {
  stream_.begin({});
  send_owed_sync();
}

// Not inside a Query that is still on its way.
void request_relay::send_owed_sync() {
  if (!backend_.owes_sync || client_.rest.how == passing::forward) return;
  backend_.owes_sync = backend_.skips_until_sync = false;
  built_.clear();
  wire::append_sync(built_);
  inject(built_);
  backend_.expected.push({.request = request::sync,
                          .how = backend_.wants_replay ? handling::swallow : handling::forward,
                          .prepared = backend_.prepared.changes().last()});
}

}  // namespace pgweir::core
