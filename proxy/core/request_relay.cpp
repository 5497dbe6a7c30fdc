#include "proxy/core/request_relay.hpp"

#include "proxy/core/own_names.hpp"
#include "proxy/wire/custom_settings.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_head.hpp"
#include "proxy/wire/sql_vacates.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

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

bool is_copy(char type) {
  return type == frontend::copy_data || type == frontend::copy_done || type == frontend::copy_fail;
}

}  // namespace

request_step request_relay::run(wire::bytes_view bytes) {
  const auto total = bytes.size();
  stream_.begin(bytes);
  auto outcome = request_outcome::need_more;
  while (!stream_.rest().empty()) {
    if (stream_.continue_message(client_.rest)) {
      send_owed_sync();
      continue;
    }
    const auto [status, header] = wire::read_header(stream_.rest());
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
    if (done == verdict::no_room) outcome = request_outcome::no_room;
    break;
  }
  stream_.flush();
  return {total - stream_.rest().size(), outcome, violation_, std::move(to_vacate_)};
}

void request_relay::replay() {
  backend_.wants_replay = false;
  backend_.unit.is_kept = false;
  backend_.to_swallow = backend_.unit.acknowledged;
  const auto unit = std::move(backend_.kept_unit);
  backend_.kept_unit.clear();
  client_.in_unit = false;
  replaying_ = true;
  run(wire::as_bytes(unit));
  replaying_ = false;
}

// The unit begins only when the answers that it may depend on have come, or the backend can take more.
bool request_relay::must_wait(const wire::frame_header& header, bool starts_unit) const {
  if (backend_.wants_replay && !replaying_) return true;
  if (starts_unit && backend_.own != backend_state::own_exchange::none) return true;
  const bool takes_names = backend_.own == backend_state::own_exchange::takes_names;
  if (takes_names && header.type != frontend::terminate) return true;
  // Should BEGIN fail, or have failed, this must not run outside a transaction.
  if (starts_unit && (client_.deferred.is_sent() || client_.deferred.is_failed())) return true;
  const bool others_first = !rules_.may_start_unit && !backend_.copy_in && !backend_.lost_count;
  const bool may_go_again = backend_.unit.stands_in && backend_.unit.is_kept && !rules_.on_lane;
  if (starts_unit && (others_first || may_go_again) && !backend_.expected.empty()) return true;
  // A lane is bounded by its units.
  return backend_.expected.size() >= most_in_flight && !rules_.on_lane && header.type != frontend::terminate;
}

void request_relay::begin_unit(const wire::frame_header& header) {
  // Behind a BEGIN until that is answered.
  const bool may_go_again = client_.deferred.is_begun()
                                ? is_extended(header.type) || header.type == frontend::query
                                : is_extended(header.type) && backend_.expected.empty();
  const bool is_kept = !replaying_ && !rules_.on_lane && may_go_again && backend_.transaction == 'I' &&
                       client_.names == naming::shared;
  const auto first_name = replaying_ ? backend_.unit.first_name : client_.statements.next_serial();
  backend_.unit = {.is_single = !is_extended(header.type), .is_kept = is_kept, .first_name = first_name};
  backend_.kept_unit.clear();
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
  if (client_.is_cancelled && type != frontend::sync && type != frontend::terminate) {
    client_.is_cancelled = false;
    backend_.dirty = true;  // so that the names are shared again, and what could not be given is tried anew
    return refuse(header, refusal_of_cancelled());
  }
  if (names_for(rest_names_statements(header)) == naming_step::waits) return verdict::held;
  if (starts_unit && is_extended(type))
    if (const auto opened = open_ahead_of(header); opened != verdict::done) return opened;
  const auto done = dispatch(header);
  if (done == verdict::done) backend_.unit.begun = true;
  return done;
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
      return execute(header);
    case frontend::sync:
      return sync(header);
    case frontend::flush:
      keep_for_replay(header);
      client_.in_unit = true;
      return pass_through(header, passing::forward);
    case frontend::function_call:
      client_.in_unit = false;
      backend_.dirty = true;                            // it may be set_config(), by its number
      backend_.sequences = sequence_values::of_client;  // or nextval()
      open_transaction();
      return pass_expecting(
          header, {.request = request::function_call, .prepared = backend_.prepared.changes().last()});
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
  stream_.take(wire::header_size, how);
  if (header.body > 0) client_.rest = {how, header.body};
  return verdict::done;
}

request_relay::verdict request_relay::pass_expecting(const wire::frame_header& header,
                                                     const expected_response& entry) {
  expect(entry);
  return pass_through(header, passing::forward);
}

request_relay::verdict request_relay::query(const wire::frame_header& header) {
  if (rules_.withholds_sync) return query_as_statement(header);
  expected_response entry{.request = request::query};
  renumbered_text numbered;
  if (client_.names != naming::untouched && !rules_.on_lane) {
    const bool is_seen = header.size() <= whole_message_limit;
    if (is_seen && !is_whole(header)) return verdict::need_more;
    const auto text = is_seen ? wire::before_zero(wire::as_text(body(header))) : std::string_view{};
    const auto head = wire::read_sql_head(text);
    entry.may_deallocate = true;
    if (head.kind == wire::sql_head_kind::deallocate_one) {
      if (name_in_doubt(head.name)) return verdict::held;
      if (client_.statements.find(head.name) != nullptr) return deallocate(head.name, header, entry);
    }
    const auto judged = is_seen ? wire::classify(text, rules_.catalogue.forcing()) : wire::sql_class{};
    const bool by_name = judged.bonds.names_statements && !deallocates_alone(head, judged);
    if (const auto other = settle_names(by_name, header)) return *other;
    if (judged.bonds.signals && rules_.processes != nullptr) numbered = renumber(text, *rules_.processes);
    if (numbered.what == renumbering::waits) return verdict::held;
    if (!sequences_fit(judged.bonds)) return verdict::held;
    if (judged.bonds.tells_process) ++backend_.counts.processes_told;
    if (judged.leaves_state || by_name) suspect(text, judged.bonds);
    note_custom_settings(text);
  }
  open_transaction();
  // A simple Query drops the unnamed statement, whatever becomes of it.
  if (client_.names != naming::untouched) entry.unnamed = drop_unnamed();
  entry.prepared = backend_.prepared.changes().last();
  client_.in_unit = false;
  client_.batch_deallocates = false;
  if (numbered.what == renumbering::done) return replace_query(header, numbered.text, entry);
  keep_for_replay(header);
  return pass_expecting(header, entry);
}

void request_relay::suspect(std::string_view sql, const wire::sql_bonds& bonds) {
  constexpr std::size_t longest_beginning = 80;
  backend_.dirty = true;
  backend_.makes = std::max(backend_.makes, bonds.makes);
  if (bonds.seeds_random && backend_.lasting == lasting_state::none)
    backend_.lasting = lasting_state::random_seed;
  if (auto wanted = wire::database_to_vacate(sql); !wanted.empty()) to_vacate_.push_back(std::move(wanted));
  backend_.suspect.assign(sql.substr(0, longest_beginning));
}

void request_relay::note_custom_settings(std::string_view sql) {
  constexpr std::size_t most = 32;
  wire::collect_custom_settings(sql, client_.custom_settings, most);
}

// DEALLOCATE of a protocol-level statement. Others may use it on this backend, or the backend may not have
// it; so the server is given an empty one to drop, which it takes even in a failed transaction. Its answer is
// the real one.
request_relay::verdict request_relay::deallocate(std::string_view client_name,
                                                 const wire::frame_header& header, expected_response entry) {
  open_transaction();
  backend_.unit.is_kept = false;
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
  entry.prepared = backend_.prepared.changes().last();
  expect(entry);
  client_.in_unit = false;
  client_.batch_deallocates = false;
  stream_.skip(header.size());
  return verdict::done;
}

request_relay::verdict request_relay::sync(const wire::frame_header& header) {
  keep_for_replay(header);
  backend_.skips_until_sync = false;
  client_.in_unit = false;
  client_.batch_deallocates = false;
  if (rules_.withholds_sync) {
    expect({.request = request::sync, .how = handling::synthesise});
    stream_.skip(header.size());
    return verdict::done;
  }
  const bool in_copy = backend_.copy_in && !backend_.copy_end_sent;
  return pass_expecting(header, {.request = request::sync,
                                 .then = in_copy ? bookkeeping::ignored_in_copy : bookkeeping::none,
                                 .prepared = backend_.prepared.changes().last()});
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
  if (!backend_.unit.is_kept) return;
  if (!is_whole(header) || backend_.kept_unit.size() + header.size() > kept_unit_limit) {
    backend_.unit.is_kept = false;
    return;
  }
  backend_.kept_unit.append(wire::as_text(stream_.rest().first(header.size())));
}

wire::bytes_view request_relay::body(const wire::frame_header& header) const {
  return stream_.rest().subspan(wire::header_size, header.body);
}

}  // namespace pgweir::core
