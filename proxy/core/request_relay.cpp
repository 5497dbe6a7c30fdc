#include "proxy/core/request_relay.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/response.hpp"
#include "proxy/wire/sql_head.hpp"
#include "proxy/wire/writer.hpp"

#include <algorithm>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

// SQL is looked at this far: enough for the statements that name prepared statements.
constexpr std::size_t sql_head_size = 512;
// Units up to this size are kept until they are answered.
constexpr std::size_t kept_unit_limit = 16 * 1024;

bool is_extended(char type) {
  switch (type) {
    case frontend::parse:
    case frontend::bind:
    case frontend::describe:
    case frontend::close:
    case frontend::execute:
    case frontend::flush:
    case frontend::sync:
      return true;
    default:
      return false;
  }
}

bool drops_statements(std::string_view text) {
  return wire::read_sql_head(text).kind == wire::sql_head_kind::deallocate_all;
}

bool is_copy(char type) {
  return type == frontend::copy_data || type == frontend::copy_done || type == frontend::copy_fail;
}

}  // namespace

request_step request_relay::run(wire::bytes_view bytes) {
  const auto total = bytes.size();
  rest_ = bytes;
  passed_ = bytes.first(0);
  auto outcome = request_outcome::need_more;
  while (!rest_.empty()) {
    if (client_.rest.how != passing::none) {
      const auto n = std::min<std::size_t>(client_.rest.bytes, rest_.size());
      client_.rest.how == passing::forward ? pass(n) : skip(n);
      client_.rest.bytes -= static_cast<std::uint32_t>(n);
      if (client_.rest.bytes == 0) client_.rest.how = passing::none;
      continue;
    }
    const auto [status, header] = wire::read_header(rest_);
    if (status == wire::header_status::incomplete) break;
    auto done = verdict::violation;
    if (status == wire::header_status::malformed)
      violation_ = "invalid message length";
    else
      done = one_message(header);
    if (done == verdict::done) continue;
    if (done == verdict::held) outcome = request_outcome::held;
    if (done == verdict::terminate) outcome = request_outcome::terminate;
    if (done == verdict::violation) outcome = request_outcome::violation;
    break;
  }
  send_passed();
  return {total - rest_.size(), outcome, violation_};
}

void request_relay::replay() {
  backend_.wants_replay = false;
  backend_.unit_is_kept = false;
  backend_.to_swallow = backend_.acknowledged;
  const auto unit = std::move(backend_.unit);
  backend_.unit.clear();
  replaying_ = true;
  run(wire::as_bytes(unit));
  replaying_ = false;
}

// The unit begins only when the answers that it may depend on have come, or the backend can take more.
bool request_relay::must_wait(const wire::frame_header& header, bool starts_unit) const {
  if (backend_.wants_replay && !replaying_) return true;
  if (starts_unit && !backend_.copy_in && !backend_.expected.empty() && !rules_.may_start_unit) return true;
  return backend_.expected.size() >= most_in_flight && header.type != frontend::terminate;
}

void request_relay::begin_unit(const wire::frame_header& header) {
  backend_.unit.clear();
  backend_.acknowledged = 0;
  backend_.unit_is_kept = !replaying_ && is_extended(header.type) && backend_.expected.empty() &&
                          backend_.transaction == 'I' && client_.names == naming::shared;
  client_.statements.changes().begin_unit();
  client_.unnamed.changes().begin_unit();
  backend_.prepared.changes().begin_unit();
}

request_relay::verdict request_relay::one_message(const wire::frame_header& header) {
  const char type = header.type;
  const bool starts_unit = !client_.in_unit && !is_copy(type) && type != frontend::terminate;
  if (must_wait(header, starts_unit)) return verdict::held;
  // The server ignores everything up to the next Sync (manual, "Extended Query"); so it need not be sent at
  // all.
  if (backend_.skips_until_sync && type != frontend::sync && type != frontend::terminate) {
    return pass_through(header, passing::drop);
  }
  if (starts_unit) begin_unit(header);
  return dispatch(header);
}

request_relay::verdict request_relay::dispatch(const wire::frame_header& header) {
  switch (header.type) {
    case frontend::query:
      return query(header);
    case frontend::parse:
      return parse(header);
    case frontend::bind:
      return bind(header);
    case frontend::describe:
      return describe(header);
    case frontend::close:
      return close(header);
    case frontend::execute:
      keep_for_replay(header);
      client_.in_unit = true;
      return pass_expecting(header,
                            {.request = request::execute, .may_deallocate = client_.batch_deallocates});
    case frontend::sync:
      return sync(header);
    case frontend::flush:
      keep_for_replay(header);
      client_.in_unit = true;
      return pass_through(header, passing::forward);
    case frontend::function_call:
      client_.in_unit = false;
      return pass_expecting(header, {.request = request::function_call});
    case frontend::copy_done:
    case frontend::copy_fail:
      backend_.copy_end_sent = true;
      if (!backend_.expected.empty()) backend_.expected.push({.request = request::copy_end});
      return pass_through(header, passing::forward);
    case frontend::copy_data:
      return pass_through(header, passing::forward);
    case frontend::terminate:
      return verdict::terminate;
    default:
      violation_ = "unknown message type";
      return verdict::violation;
  }
}

request_relay::verdict request_relay::pass_through(const wire::frame_header& header, passing how) {
  how == passing::forward ? pass(wire::header_size) : skip(wire::header_size);
  if (header.body > 0) client_.rest = {how, header.body};
  return verdict::done;
}

request_relay::verdict request_relay::pass_expecting(const wire::frame_header& header,
                                                     const expected_response& entry) {
  expect(entry);
  return pass_through(header, passing::forward);
}

request_relay::verdict request_relay::query(const wire::frame_header& header) {
  const auto available = rest_.size() - wire::header_size;
  expected_response entry{.request = request::query};
  if (client_.names == naming::shared) {
    if (available < std::min<std::size_t>(header.body, sql_head_size)) return verdict::need_more;
    const auto text =
        wire::as_text(rest_.subspan(wire::header_size, std::min<std::size_t>(available, header.body)));
    const auto head = wire::read_sql_head(text.substr(0, text.find('\0')));
    entry.may_deallocate = true;
    if (head.kind == wire::sql_head_kind::deallocate_one && is_whole(header)) {
      if (name_in_doubt(head.name)) return verdict::held;
      if (client_.statements.find(head.name) != nullptr) return deallocate(head.name, header, entry);
    }
    // A simple Query drops the unnamed statement, whatever becomes of it.
    entry.unnamed = drop_unnamed();
  }
  client_.in_unit = false;
  client_.batch_deallocates = false;
  return pass_expecting(header, entry);
}

// DEALLOCATE of a protocol-level statement. Others may use it on this backend, or the backend may not have
// it; so the server is given an empty one to drop, which it takes even in a failed transaction. Its answer is
// the real one.
request_relay::verdict request_relay::deallocate(std::string_view client_name,
                                                 const wire::frame_header& header, expected_response entry) {
  const auto named = client_.statements.find(client_name)->made;
  auto server_name = named->server_name;
  built_.clear();
  if (!named->is_large()) server_name = append_spare_statement();
  wire::append_query(built_, "DEALLOCATE " + server_name);
  inject(built_);
  rules_.catalogue.retire(named);
  entry.then = bookkeeping::deallocates_one;
  entry.serial = client_.statements.close(client_name);
  entry.unnamed = drop_unnamed();
  expect(entry);
  client_.in_unit = false;
  client_.batch_deallocates = false;
  skip(header.size());
  return verdict::done;
}

request_relay::verdict request_relay::parse(const wire::frame_header& header) {
  client_.in_unit = true;
  if (client_.names == naming::own) return pass_expecting(header, {.request = request::parse});
  if (header.size() > whole_message_limit) return parse_large(header);
  if (!is_whole(header)) return verdict::need_more;
  const auto view = wire::read_parse(body(header));
  if (!view) {
    violation_ = "invalid Parse message";
    return verdict::violation;
  }
  if (view->name.empty()) {
    keep_for_replay(header);
    return parse_unnamed(header, *view);
  }
  if (name_in_doubt(view->name)) return verdict::held;
  return parse_named(header, *view);
}

request_relay::verdict request_relay::parse_named(const wire::frame_header& header,
                                                  const wire::parse_view& view) {
  if (const auto* known = client_.statements.find(view.name); known != nullptr) {
    keep_for_replay(header);
    replaying_ ? prepare(*known->made, handling::forward, bookkeeping::injected, 0)
               : parse_taken(*known, view);
    skip(header.size());
    return verdict::done;
  }
  const auto made = rules_.catalogue.intern(view.text_and_types, drops_statements(view.text));
  if (made == nullptr) return parse_large(header);
  if (earlier_units_open() && backend_.prepared.in_doubt(made->id)) return verdict::held;
  keep_for_replay(header);
  if (!replaying_) ++backend_.counts.client_parses;
  const auto serial = client_.statements.define(view.name, made);
  const bool certain =
      !earlier_units_open() && backend_.expected.doubts() == 0 && backend_.transaction != 'E' && !replaying_;
  if (certain && backend_.prepared.use(made->id))
    acknowledge_parse({.request = request::parse,
                       .how = handling::synthesise,
                       .then = bookkeeping::names_statement,
                       .serial = serial,
                       .statement = made->id});
  else
    prepare(*made, handling::forward, bookkeeping::names_statement, serial);
  skip(header.size());
  return verdict::done;
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
  if (!backend_.expected.empty() || inside_message) return expect(entry);
  send_passed();
  built_.clear();
  wire::append_parse_complete(built_);
  to_client_.put(wire::as_bytes(built_));
  ++backend_.acknowledged;
}

request_relay::verdict request_relay::parse_unnamed(const wire::frame_header& header,
                                                    const wire::parse_view& view) {
  if (!replaying_) ++backend_.counts.client_parses;
  const auto serial = client_.unnamed.set(view.text_and_types, drops_statements(view.text), backend_.spare);
  server_has_unnamed({rules_.client_id, serial});
  ++backend_.counts.server_parses;
  return pass_expecting(header,
                        {.request = request::parse, .then = bookkeeping::sets_unnamed, .serial = serial});
}

// Too large to be kept (or the catalogue is full): it streams through under a name of its own, and the client
// keeps this backend as long as it keeps the statement.
request_relay::verdict request_relay::parse_large(const wire::frame_header& header) {
  const auto available = rest_.subspan(wire::header_size);
  wire::cursor in{available.first(std::min<std::size_t>(available.size(), header.body))};
  const auto name = in.c_string();
  if (!in.ok()) {
    if (available.size() < std::min<std::size_t>(header.body, whole_message_limit)) return verdict::need_more;
    violation_ = "invalid Parse message";
    return verdict::violation;
  }
  const auto* known = client_.statements.find(name);
  if (!name.empty() && name_in_doubt(name)) return verdict::held;
  backend_.unit_is_kept = false;
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
    const auto made = rules_.catalogue.make_large(false);
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
  skip(wire::header_size + name.size() + 1);
  return verdict::done;
}

request_relay::verdict request_relay::bind(const wire::frame_header& header) {
  client_.in_unit = true;
  if (client_.names == naming::own) return pass_expecting(header, {.request = request::bind});
  const auto available = rest_.size() - wire::header_size;
  const auto names =
      wire::read_bind_names(rest_.subspan(wire::header_size, std::min<std::size_t>(available, header.body)));
  if (!names) {
    if (available < std::min<std::size_t>(header.body, whole_message_limit)) return verdict::need_more;
    violation_ = "invalid Bind message";
    return verdict::violation;
  }
  const auto* known = client_.statements.find(names->statement);
  if (in_doubt(names->statement, known)) return verdict::held;
  keep_for_replay(header);
  ++backend_.counts.binds;
  if (names->statement.empty()) {
    ensure_unnamed();
    if (const auto* mine = client_.unnamed.current(); mine != nullptr && mine->deallocates)
      client_.batch_deallocates = true;
    return pass_expecting(header, {.request = request::bind});
  }
  if (known == nullptr) return pass_expecting(header, {.request = request::bind});
  const statement& bound = *known->made;
  ensure_prepared(bound);
  client_.batch_deallocates = client_.batch_deallocates || bound.deallocates;
  const auto rest_of_body = header.body - static_cast<std::uint32_t>(names->size);
  built_.clear();
  built_.push_back(frontend::bind);
  wire::writer{built_}
      .u32(static_cast<std::uint32_t>(4 + names->portal.size() + 1 + bound.server_name.size() + 1 +
                                      rest_of_body))
      .c_string(names->portal)
      .c_string(bound.server_name);
  const auto before_parameters = wire::header_size + names->size;
  inject(built_);
  expect({.request = request::bind, .serial = known->serial});
  skip(before_parameters);
  if (rest_of_body > 0) client_.rest = {passing::forward, rest_of_body};
  return verdict::done;
}

request_relay::verdict request_relay::describe(const wire::frame_header& header) {
  client_.in_unit = true;
  if (header.size() > whole_message_limit) {
    violation_ = "name in Describe message is too long";
    return verdict::violation;
  }
  if (!is_whole(header)) return verdict::need_more;
  const auto target = wire::read_target(body(header));
  const bool shared_statement_meant = client_.names == naming::shared && target && target->kind == 'S';
  const auto* known = shared_statement_meant ? client_.statements.find(target->name) : nullptr;
  if (shared_statement_meant && in_doubt(target->name, known)) return verdict::held;
  keep_for_replay(header);
  // A malformed one goes through: the server has words for it.
  if (!target || target->kind == 'P') return pass_expecting(header, {.request = request::describe_portal});
  const expected_response entry{.request = request::describe_statement};
  if (client_.names == naming::own) return pass_expecting(header, entry);
  if (target->name.empty()) {
    ensure_unnamed();
    return pass_expecting(header, entry);
  }
  if (known == nullptr) return pass_expecting(header, entry);
  ensure_prepared(*known->made);
  built_.clear();
  wire::append_describe(built_, 'S', known->made->server_name);
  inject(built_);
  expect({.request = request::describe_statement, .serial = known->serial});
  skip(header.size());
  return verdict::done;
}

// A Close of a shared statement goes to the server under the client's own name, which no server knows: the
// answer is CloseComplete all the same (manual: "It is not an error to issue Close against a nonexistent
// statement").
request_relay::verdict request_relay::close(const wire::frame_header& header) {
  client_.in_unit = true;
  if (header.size() > whole_message_limit) {
    violation_ = "name in Close message is too long";
    return verdict::violation;
  }
  if (!is_whole(header)) return verdict::need_more;
  const auto target = wire::read_target(body(header));
  const bool shared_statement_meant = client_.names == naming::shared && target && target->kind == 'S';
  if (shared_statement_meant && name_in_doubt(target->name)) return verdict::held;
  keep_for_replay(header);
  expected_response entry{.request = request::close};
  if (shared_statement_meant) {
    if (target->name.empty()) {
      entry.serial = drop_unnamed();
      if (entry.serial != 0) entry.then = bookkeeping::drops_unnamed;
    } else if (const auto* known = client_.statements.find(target->name); known != nullptr) {
      const auto kept = known->made;
      entry.then = bookkeeping::unnames_statement;
      entry.statement = kept->id;
      entry.serial = client_.statements.close(target->name);
      rules_.catalogue.retire(kept);
      if (kept->is_large()) {
        built_.clear();
        wire::append_close(built_, 'S', kept->server_name);
        inject(built_);
        expect(entry);
        skip(header.size());
        return verdict::done;
      }
    }
  }
  return pass_expecting(header, entry);
}

request_relay::verdict request_relay::sync(const wire::frame_header& header) {
  keep_for_replay(header);
  backend_.skips_until_sync = false;
  client_.in_unit = false;
  client_.batch_deallocates = false;
  const bool in_copy = backend_.copy_in && !backend_.copy_end_sent;
  return pass_expecting(
      header, {.request = request::sync, .then = in_copy ? bookkeeping::ignored_in_copy : bookkeeping::none});
}

bool request_relay::earlier_units_open() {
  if (backend_.expected.ready_owed() > 0) return true;
  client_.statements.changes().settle_earlier();
  client_.unnamed.changes().settle_earlier();
  backend_.prepared.changes().settle_earlier();
  return false;
}

bool request_relay::name_in_doubt(std::string_view name) {
  if (!earlier_units_open()) return false;
  const bool may_be_dropped = backend_.expected.doubts() > 0 && client_.statements.find(name) != nullptr;
  return may_be_dropped || client_.statements.in_doubt(name);
}

bool request_relay::unnamed_in_doubt() {
  return earlier_units_open() &&
         (client_.unnamed.in_doubt() || backend_.prepared.changes().in_doubt(backend_.unnamed_change));
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

// A statement without text, under a name that no client can give: where the server must have some statement.
// Even in a failed transaction the server takes it.
std::string request_relay::append_spare_statement() {
  auto name = std::string(rules_.catalogue.prefix()) + "0";
  wire::append_close(built_, 'S', name);
  wire::append_parse(built_, name, wire::as_bytes(std::string_view("\0\0\0", 3)));
  backend_.expected.push({.request = request::close, .how = handling::swallow});
  backend_.expected.push({.request = request::parse, .how = handling::swallow});
  return name;
}

void request_relay::ensure_prepared(const statement& needed) {
  if (needed.is_large()) return;
  const bool has_it = backend_.prepared.use(needed.id);
  if (has_it && backend_.expected.doubts() == 0 && !replaying_) return;
  prepare(needed, handling::swallow, bookkeeping::injected, 0);
}

// Prepares afresh where it may be there already: a Close of something missing is no error, a second Parse is
// one.
void request_relay::prepare(const statement& needed, handling how, bookkeeping then, std::uint64_t serial) {
  built_.clear();
  if (backend_.prepared.use(needed.id)) append_removal(backend_.prepared.close(needed.id));
  while (const auto* victim = backend_.prepared.evict_beyond(rules_.prepared_limit - 1)) {
    append_removal(*victim);
    ++backend_.counts.evictions;
  }
  wire::append_parse(built_, needed.server_name, wire::as_bytes(needed.text_and_types));
  inject(built_);
  ++backend_.counts.server_parses;
  const expected_response entry{.request = request::parse,
                                .how = how,
                                .then = then,
                                .serial = serial,
                                .statement = needed.id,
                                .prepared = backend_.prepared.add(needed.id, needed.server_name)};
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
  if (backend_.unnamed == wanted || (mine != nullptr && mine->is_large)) return;
  built_.clear();
  if (mine == nullptr) {
    wire::append_close(built_, 'S', "");
    backend_.expected.push({.request = request::close, .how = handling::swallow});
  } else {
    wire::append_parse(built_, "", wire::as_bytes(mine->text_and_types));
    backend_.expected.push({.request = request::parse, .how = handling::swallow});
    ++backend_.counts.server_parses;
  }
  inject(built_);
  server_has_unnamed(wanted);
}

void request_relay::expect(expected_response entry) {
  const bool acknowledges =
      entry.request == request::parse || entry.request == request::bind || entry.request == request::close;
  if (replaying_ && acknowledges && backend_.to_swallow > 0 && entry.how == handling::forward) {
    --backend_.to_swallow;
    entry.how = handling::swallow;
  }
  backend_.expected.push(entry);
}

void request_relay::keep_for_replay(const wire::frame_header& header) {
  if (!backend_.unit_is_kept) return;
  if (!is_whole(header) || backend_.unit.size() + header.size() > kept_unit_limit) {
    backend_.unit_is_kept = false;
    return;
  }
  backend_.unit.append(wire::as_text(rest_.first(header.size())));
}

wire::bytes_view request_relay::body(const wire::frame_header& header) const {
  return rest_.subspan(wire::header_size, header.body);
}

void request_relay::pass(std::size_t n) {
  passed_ = {passed_.data(), passed_.size() + n};
  rest_ = rest_.subspan(n);
}

void request_relay::skip(std::size_t n) {
  send_passed();
  rest_ = rest_.subspan(n);
  passed_ = rest_.first(0);
}

void request_relay::send_passed() {
  if (!passed_.empty()) to_server_.put(passed_);
  passed_ = rest_.first(0);
}

void request_relay::inject(const std::string& message) {
  send_passed();
  to_server_.put(wire::as_bytes(message));
}

}  // namespace pgweir::core
