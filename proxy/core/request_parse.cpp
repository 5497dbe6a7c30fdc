// The part of the request relay that reads Parse: what the client's statement is called on the server, and
// whether the server has it already.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/response.hpp"
#include "proxy/wire/sql_head.hpp"
#include "proxy/wire/writer.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

}  // namespace

request_relay::verdict request_relay::parse(const wire::frame_header& header) {
  client_.in_unit = true;
  if (client_.names == naming::untouched) return pass_expecting(header, {.request = request::parse});
  if (header.size() > whole_message_limit) return parse_large(header, {});
  if (!is_whole(header)) return verdict::need_more;
  const auto view = wire::read_parse(body(header));
  if (!view) {
    violation_ = "invalid Parse message";
    return verdict::violation;
  }
  if (!rules_.on_lane) note_custom_settings(view->text);
  if (view->name.empty()) return parse_unnamed(header, *view);
  if (!is_known_here(view->name)) return pass_expecting(header, {.request = request::parse});
  if (name_in_doubt(view->name)) return verdict::held;
  return parse_named(header, *view);
}

request_relay::verdict request_relay::parse_named(const wire::frame_header& header,
                                                  const wire::parse_view& view) {
  backend_.unit.describes = true;  // it expects a fresh statement
  if (const auto* known = client_.statements.find(view.name); known != nullptr) {
    keep_for_replay(header);
    // Sent again, a unit gives its names in the order in which it gave them first.
    const bool given_by_unit = replaying_ && known->serial >= backend_.unit.first_name;
    if (given_by_unit) backend_.unit.first_name = known->serial + 1;
    given_by_unit ? parse_again(view) : parse_taken(*known, view);
    stream_.skip(header.size());
    return verdict::done;
  }
  auto made = rules_.catalogue.intern(view.text_and_types, client_.stale_up_to);
  // The session does not keep the backend of a lane.
  if (made == nullptr && rules_.on_lane) made = rules_.catalogue.make_unshared(view.text_and_types);
  if (made == nullptr) return parse_large(header, {});
  if (const auto other = settle_names(made->sharing.bonds.names_statements, header)) return *other;
  if (made->freezes_time && !rules_.on_lane) return parse_large(header, made->traits);
  if (earlier_units_open() && backend_.prepared.in_doubt(made->id)) return verdict::held;
  keep_for_replay(header);
  if (!replaying_) ++backend_.counts.client_parses;
  if (!reserve_name(view.name)) return verdict::no_room;
  const auto serial = client_.statements.define(view.name, made, rules_.catalogue.parses());
  provide(*made, bookkeeping::names_statement, serial);
  stream_.skip(header.size());
  return verdict::done;
}

// On a lane others would suffer; there the next one is sent to a lease.
bool request_relay::reserve_name(std::string_view name) {
  return client_.statements.reserve(name, rules_.catalogue) || rules_.on_lane;
}

// Of a name that the unit gave when it was sent first.
void request_relay::parse_again(const wire::parse_view& view) {
  if (client_.statements.find(view.name)->made->retired.load(std::memory_order_relaxed))
    if (auto next = rules_.catalogue.intern(view.text_and_types, client_.stale_up_to); next != nullptr)
      client_.statements.rebind(view.name, std::move(next));
  prepare(*client_.statements.find(view.name)->made, handling::forward, bookkeeping::injected, 0);
}

// For a Parse of the client: the backend has the statement, or gets it.
void request_relay::provide(const statement& needed, bookkeeping then, std::uint64_t serial) {
  const bool certain = !earlier_units_open() && !backend_.prepared.in_doubt(needed.id) &&
                       backend_.expected.doubts() == 0 && !backend_.dirty && backend_.transaction != 'E' &&
                       !replaying_;
  if (!certain || backend_.prepared.is_stale(needed.id) || !backend_.prepared.use(needed.id))
    return prepare(needed, handling::forward, then, serial);
  backend_.unit.answers_parse = true;
  acknowledge_parse({.request = request::parse,
                     .how = handling::synthesise,
                     .then = then,
                     .serial = serial,
                     .statement = needed.id});
}

// The name is taken: sent under a name that the server has, so that the server refuses it as it would refuse
// the client's (42P05), or for another reason that comes first (25P02, 42601).
void request_relay::parse_taken(const client_statements::named& taken, const wire::parse_view& view) {
  ++backend_.counts.client_parses;
  built_.clear();
  const auto server_name = append_spare_statement();
  wire::append_parse(built_, server_name, view.text_and_types);
  inject(built_);
  expect({.request = request::parse, .serial = taken.serial});
}

// The backend has the statement: ParseComplete is said in its turn, which may be now.
void request_relay::acknowledge_parse(const expected_response& entry) {
  const bool inside_message = backend_.rest.how != passing::none;
  if (rules_.on_lane || !backend_.expected.empty() || inside_message) return expect(entry);
  stream_.flush();
  built_.clear();
  wire::append_parse_complete(built_);
  to_client_.put(wire::as_bytes(built_));
  ++backend_.unit.acknowledged;
  if (entry.then == bookkeeping::sets_unnamed) client_.unnamed.confirm(entry.serial, backend_.spare);
}

request_relay::verdict request_relay::parse_unnamed(const wire::frame_header& header,
                                                    const wire::parse_view& view) {
  backend_.unit.describes = true;  // it expects a fresh statement
  const auto head = wire::read_sql_head(view.text);
  const bool one = head.kind == wire::sql_head_kind::deallocate_one;
  if (one && name_in_doubt(head.name)) return verdict::held;
  note_loss({});
  backend_.unit.parses_unnamed = true;
  keep_for_replay(header);
  if (!replaying_) ++backend_.counts.client_parses;
  if (auto made = stand_in_for(view); made != nullptr) {
    const auto& shared = *made;
    ++backend_.counts.unnamed_shared;
    const auto serial = client_.unnamed.set_shared(std::move(made), rules_.catalogue.parses());
    provide(shared, bookkeeping::sets_unnamed, serial);
    stream_.skip(header.size());
    return verdict::done;
  }
  if (one && client_.statements.find(head.name) != nullptr) {
    ++backend_.counts.server_parses;
    parse_deallocate(view, head.name);
    stream_.skip(header.size());
    return verdict::done;
  }
  const auto judged = wire::classify(view.text, rules_.catalogue.forcing());
  wire::sql_traits traits{.drops_statements = head.kind == wire::sql_head_kind::deallocate_all,
                          .leaves_state = judged.leaves_state,
                          .bonds = judged.bonds};
  if (deallocates_alone(head, judged)) traits.bonds.names_statements = false;
  if (const auto other = settle_names(traits.bonds.names_statements, header)) return *other;
  ++backend_.counts.server_parses;
  // Beyond the bound the text is not kept, as that of a large one; but a lane keeps no client.
  const bool has_room = client_.unnamed.reserve(view.text_and_types, rules_.catalogue);
  if (!has_room && !rules_.on_lane) backend_.unit.is_kept = false;
  const auto reserved = has_room ? view.text_and_types.size() : 0;
  const auto serial = has_room || rules_.on_lane
                          ? client_.unnamed.set(view.text_and_types, traits, backend_.spare, reserved)
                          : client_.unnamed.set_large(traits);
  server_has_unnamed({rules_.client_id, serial});
  return pass_expecting(header,
                        {.request = request::parse, .then = bookkeeping::sets_unnamed, .serial = serial});
}

// A text that comes again and again is prepared once, under a name that all clients share: the server then
// need not parse and plan it each time. Only where the unit can be sent again as it is, should that make a
// difference (a plan that is out of date, types that have changed).
shared_statement request_relay::stand_in_for(const wire::parse_view& view) const {
  if (rules_.unnamed == nullptr || replaying_) return nullptr;
  const bool may_go_again = backend_.unit.is_kept && !backend_.unit.executes && client_.deferred.is_none();
  const bool is_kept = rules_.on_lane || may_go_again;
  return is_kept && rest_allows_stand_in() ? rules_.unnamed->note(view.text_and_types, client_.stale_up_to)
                                           : nullptr;
}

// Whether the unit is here up to its Sync, nothing that could end or change it stands before that, nothing
// comes behind (it could not be taken back), and the client does not ask for the types of the parameters:
// those of its own statement may have changed.
bool request_relay::rest_allows_stand_in() const {
  auto left = stream_.rest();
  // The Parse at the front is already kept.
  for (bool is_first = true;; is_first = false) {
    const auto message = wire::read_whole_message(left);
    if (!message) return false;
    const auto& [header, content] = *message;
    left = left.subspan(header.size());
    switch (header.type) {
      case frontend::sync:
        return left.empty() && backend_.kept_unit.size() + stream_.rest().size() <= kept_unit_limit;
      case frontend::parse: {
        const auto view = wire::read_parse(content);
        if (!view) return false;
        if (!is_first && wire::read_sql_head(view->text).kind == wire::sql_head_kind::deallocate_one)
          return false;
        break;
      }
      case frontend::close: {
        const auto target = wire::read_target(content);
        if (!target || (target->kind == 'S' && !target->name.empty())) return false;
        break;
      }
      case frontend::describe: {
        const auto target = wire::read_target(content);
        if (!target || (target->kind == 'S' && target->name.empty())) return false;
        break;
      }
      case frontend::bind:
      case frontend::execute:
        break;
      default:
        return false;
    }
  }
}

// As deallocate(), by the extended protocol (psycopg does so when its cache is full): the spare statement is
// named here, and made and dropped when this is executed.
void request_relay::parse_deallocate(const wire::parse_view& view, const std::string& name) {
  std::string text = "DEALLOCATE " + spare_name();
  text.push_back('\0');
  text += wire::as_text(view.text_and_types.subspan(view.text.size() + 1));
  const auto serial = client_.unnamed.set_deallocate(wire::as_bytes(text), name);
  server_has_unnamed({rules_.client_id, serial});
  built_.clear();
  wire::append_parse(built_, "", wire::as_bytes(text));
  inject(built_);
  expect({.request = request::parse, .then = bookkeeping::sets_unnamed, .serial = serial});
}

// Too large to be kept (or the catalogue is full), or to be parsed for this client alone: it streams through
// under a name of its own, and the client keeps this backend as long as it keeps the statement.
request_relay::verdict request_relay::parse_large(const wire::frame_header& header, wire::sql_traits traits) {
  const auto available = stream_.rest().subspan(wire::header_size);
  wire::cursor in{available.first(std::min<std::size_t>(available.size(), header.body))};
  const auto name = in.c_string();
  if (!in.ok()) {
    if (available.size() < std::min<std::size_t>(header.body, whole_message_limit)) return verdict::need_more;
    violation_ = "invalid Parse message";
    return verdict::violation;
  }
  if (!is_known_here(name)) return pass_expecting(header, {.request = request::parse});
  const auto* known = client_.statements.find(name);
  if (!name.empty() && name_in_doubt(name)) return verdict::held;
  if (!name.empty() && known == nullptr && !reserve_name(name)) return verdict::no_room;
  backend_.unit.is_kept = false;
  ++backend_.counts.client_parses;
  ++backend_.counts.server_parses;
  if (name.empty()) {
    const auto serial = client_.unnamed.set_large();
    server_has_unnamed({rules_.client_id, serial});
    return pass_expecting(header,
                          {.request = request::parse, .then = bookkeeping::sets_unnamed, .serial = serial});
  }
  std::string server_name;
  expected_response entry{.request = request::parse};
  built_.clear();
  if (known != nullptr) {
    server_name = append_spare_statement();
    entry.serial = known->serial;
  } else {
    const auto made = rules_.catalogue.make_large(traits);
    entry.then = bookkeeping::names_statement;
    entry.serial = client_.statements.define(name, made);
    entry.statement = made->id;
    server_name = made->server_name;
  }
  const auto rest_of_body = header.body - static_cast<std::uint32_t>(name.size() + 1);
  built_.push_back(frontend::parse);
  wire::writer{built_}
      .u32(static_cast<std::uint32_t>(4 + server_name.size() + 1 + rest_of_body))
      .c_string(server_name);
  inject(built_);
  expect(entry);
  client_.rest = {passing::forward, rest_of_body};
  stream_.skip(wire::header_size + name.size() + 1);
  return verdict::done;
}

}  // namespace pgweir::core
