#include "proxy/relay.hpp"

#include "proxy/core/own_names.hpp"
#include "proxy/lane.hpp"
#include "proxy/wire/request.hpp"

namespace pgweir::proxy {
namespace {

void ask_quietly(pool::backend& held, relay_memory& memory, const std::string& sql,
                 core::bookkeeping then = core::bookkeeping::none) {
  std::string message;
  wire::append_query(message, sql);
  held.send(wire::as_bytes(message));
  memory.state.expected.push({.request = core::request::query, .how = core::handling::swallow, .then = then});
  memory.state.unnamed = core::unnamed_holder::none();
}

void change_profile(pool::backend& held, relay_memory& memory, const unit_owner& next,
                    metrics::pool_instruments& counts) {
  auto& state = memory.state;
  // A unit waits for it, so that it does not run with other settings should the server refuse, and may be
  // sent again. On a lane answers are held: what the server refuses ends it before anybody is told anything.
  const bool unit_waits = next.client_id != 0;
  const auto queries = core::sql_to_have(next.profile);
  for (const auto& sql : queries)
    ask_quietly(held, memory, sql,
                unit_waits && &sql == &queries.back() ? core::bookkeeping::adapts : core::bookkeeping::none);
  if (unit_waits) state.own = core::backend_state::own_exchange::adapts;
  held.application_name = memory.login_application_name;
  state.may_hide = false;
  counts.profile_switches.add();
}

}  // namespace

relay_memory::relay_memory() = default;
// Only what somebody has asked the server for ends others than the one who uses the backend.
relay_memory::~relay_memory() {
  const bool by_command = state.fatal.starts_with("57P01");
  if (mourned.by != nullptr && by_command) mourned.by->backend_ended(mourned.id, state.fatal);
}

relay_memory& memory_of(pool::backend& held) {
  if (held.memory == nullptr) {
    auto made = std::make_unique<relay_memory>();
    made->login_application_name = held.application_name;
    for (const auto& [name, value] : held.welcome().parameters)
      if (name == "session_authorization") made->login_user = value;
    held.memory = std::move(made);
  }
  return static_cast<relay_memory&>(*held.memory);
}

lane& lane_of(pool::backend& shared, std::string_view statement_prefix) {
  auto& memory = memory_of(shared);
  if (memory.shared == nullptr)
    memory.shared = std::make_unique<lane>(shared, memory.state, statement_prefix);
  return *memory.shared;
}

void note_profile(pool::backend& held, const core::shared_session_profile& now) {
  auto& state = memory_of(held).state;
  if (!core::parse_alike(state.profile, now)) state.prepared.distrust_all();
  state.profile = now;
  held.session_settings = now.get();
}

void discard_all(pool::backend& held, metrics::pool_instruments& counts) {
  auto& memory = memory_of(held);
  ask_quietly(held, memory, "DISCARD ALL");
  // What comes behind it may make it so again before it is answered.
  memory.state.dirty = memory.state.untold = memory.state.may_hide = memory.state.gave_up = false;
  memory.state.sequences = core::sequence_values::none;
  note_profile(held, nullptr);
  memory.state.prepared.clear();
  held.application_name = memory.login_application_name;
  counts.server_resets.add();
}

void prepare_for(pool::backend& held, const unit_owner& next, metrics::pool_instruments& counts) {
  auto& memory = memory_of(held);
  memory.mourned.use.set(true);
  auto& state = memory.state;
  if (memory.last_client != next.client_id && (state.dirty || state.untold)) discard_all(held, counts);
  const bool hides = memory.last_client != next.client_id && state.may_hide;
  if (memory.last_client != next.client_id && state.sequences == core::sequence_values::of_client)
    state.sequences = core::sequence_values::of_others;
  memory.last_client = next.client_id;
  if (!core::is_same(state.profile, next.profile) || hides) change_profile(held, memory, next, counts);
  // Another worker's may be equal without being the same.
  note_profile(held, next.profile);
  if (held.application_name != next.application_name) {
    ask_quietly(held, memory, "SET application_name TO" + core::sql_literal(next.application_name));
    held.application_name = next.application_name;
  }
}

void ask_for_state(pool::backend& held, const core::client_state& client, metrics::pool_instruments& counts) {
  auto& memory = memory_of(held);
  memory.state.dirty = memory.state.untold = memory.state.gave_up = false;
  memory.state.may_hide = true;
  memory.state.doubted = memory.state.prepared.changes().last();
  memory.state.findings = {};
  memory.state.own = core::backend_state::own_exchange::asks_for_state;
  const auto statements =
      client.names == core::naming::own ? core::protocol_statements_sql() : std::string_view{};
  ask_quietly(held, memory, core::probe_sql(client.custom_settings, statements),
              core::bookkeeping::probes_state);
  counts.state_probes.add();
}

void drop_own_names(pool::backend& held) {
  auto& memory = memory_of(held);
  memory.state.own = core::backend_state::own_exchange::adapts;
  ask_quietly(held, memory, "DEALLOCATE ALL", core::bookkeeping::adapts);
}

void ask_own(pool::backend& held, const std::string& sql, core::bookkeeping then) {
  ask_quietly(held, memory_of(held), sql, then);
}

void pause(io::connection& from, io::clock::time_point& since) {
  if (since == io::clock::time_point{}) since = io::clock::now();
  from.pause_reading();
}

void resume(io::connection& from, io::clock::time_point& since, metrics::counter& nanoseconds) {
  if (since != io::clock::time_point{})
    nanoseconds.add(static_cast<std::uint64_t>((io::clock::now() - since).count()));
  since = {};
  from.resume_reading();
}

void take_counts(core::relay_counts& from, metrics::pool_instruments& to) {
  if (from.client_parses != 0) to.client_parses.add(from.client_parses);
  if (from.server_parses != 0) to.server_parses.add(from.server_parses);
  if (from.unnamed_shared != 0) to.unnamed_shared.add(from.unnamed_shared);
  if (from.queries_prepared != 0) to.queries_prepared.add(from.queries_prepared);
  if (from.binds != 0) to.binds.add(from.binds);
  if (from.evictions != 0) to.prepared_evictions.add(from.evictions);
  if (from.replanned != 0) to.replanned.add(from.replanned);
  from = {};
}

}  // namespace pgweir::proxy
