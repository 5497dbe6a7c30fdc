// The part of a session that holds a backend: bytes of both sides go through the core's relays.
#include "metrics/log.hpp"
#include "proxy/core/own_names.hpp"
#include "proxy/session.hpp"
#include "proxy/session_listening.hpp"
#include "proxy/wire/response.hpp"

namespace pgweir::proxy {

core::relay_rules session::relay_rules() const {
  const bool share_unnamed = pool_.settings().prepare_unnamed == config::prepare_unnamed::automatic;
  return {.catalogue = host_.catalogue,
          .unnamed = share_unnamed ? &host_.texts : nullptr,
          .prepared_limit = pool_.settings().prepared_statements,
          .client_id = identity_.id,
          .may_start_unit = !is_subscribed() && (!unit_sent_ || !pool_.has_waiters()),
          .reads_sequences = pool_.sequences().asks()};
}

std::size_t session::send_unit(std::span<const std::byte> arrived) {
  auto& backend = *lease_;
  auto& state = memory_of(backend).state;
  if (pool_.pins().is_limited() && !gate_unit(arrived)) return 0;
  const auto rules = relay_rules();
  auto& counts = pool_.instruments();
  connection_sink to_server{backend, counts.server_sent_bytes};
  connection_sink to_client{*this, counts.client_sent_bytes};
  core::request_relay relay{client_, state, rules, to_server, to_client};
  const bool nothing_owed = state.expected.empty();
  const bool was_begun = client_.deferred.is_begun();
  const auto step = relay.run(arrived);
  if (was_begun && !client_.deferred.is_begun()) count_begin(metrics::deferred_begin_outcome::sent);
  if (unit_sent_ && step.consumed > 0) note_sender();
  unit_sent_ = unit_sent_ || step.consumed > 0;
  may_have_changed_ = may_have_changed_ || step.consumed > 0;
  if (state.counts.sequence_reads != 0) pool_.sequences().note_asked();
  if (state.counts.late_sequence_reads != 0) pool_.sequences().note_asked_later();
  counts.client_received_bytes.add(step.consumed);
  for (const auto& database : step.to_vacate) host_.vacate(database);
  if (nothing_owed && !state.expected.empty()) {
    enter(phase::active);
    unit_since_ = io::clock::now();
    first_byte_seen_ = false;
  }
  if (backend.wants_room()) pause(*this, memory_of(backend).client_paused_since);
  if (step.what == core::request_outcome::terminate) say_goodbye();
  if (step.what == core::request_outcome::violation) end(outcome::client_violated_protocol, step.violation);
  if (step.what == core::request_outcome::no_room) end(outcome::client_exceeds_memory);
  return step.consumed;
}

std::size_t session::on_server_bytes(std::span<const std::byte> arrived) {
  auto& state = memory_of(*lease_).state;
  auto& counts = pool_.instruments();
  connection_sink to_client{*this, counts.client_sent_bytes};
  client_.holds_ready = is_subscribed() && phase_ != phase::leaving;
  std::size_t used = 0;
  for (bool go_on = true; go_on && lease_ && used < arrived.size();) {
    core::response_relay relay{client_, state, host_.catalogue.prefix(), to_client};
    const auto step = relay.run(arrived.subspan(used));
    used += step.consumed;
    answer_bytes_ += step.consumed;
    if (step.answered && !first_byte_seen_) {
      first_byte_seen_ = true;
      counts.first_response.observe(io::clock::now() - unit_since_);
    }
    if (relay.error().sqlstate[0] != '\0')
      count_error(metrics::error_origin::server, relay.error().sqlstate.data());
    switch (step.what) {
      case core::response_outcome::need_more:
        go_on = false;
        break;
      case core::response_outcome::unit_done: {
        const auto now = io::clock::now();
        counts.query.observe(now - unit_since_);
        counts.queries.add();
        observe_unit(now - unit_since_, std::exchange(answer_bytes_, 0));
        unit_since_ = now;
        first_byte_seen_ = false;
        restart_query_timeout();
        if (client_.holds_ready && state.transaction == 'I' && !client_.deferred.is_failed()) owe_ready();
        break;
      }
      case core::response_outcome::replay: {
        connection_sink to_server{*lease_, counts.server_sent_bytes};
        const auto rules = relay_rules();
        core::request_relay{client_, state, rules, to_server, to_client}.replay();
        break;
      }
      case core::response_outcome::resync: {
        connection_sink to_server{*lease_, counts.server_sent_bytes};
        const auto rules = relay_rules();
        core::request_relay{client_, state, rules, to_server, to_client}.resync();
        break;
      }
      case core::response_outcome::violation: {
        const auto refused = state.refused;
        refused.empty() ? end(outcome::server_violated_protocol, step.violation)
                        : end(outcome::server_refused_state, refused);
        break;
      }
    }
  }
  counts.server_received_bytes.add(used);
  if (!lease_) return used;
  if (state.counts.schema_changes != 0) host_.catalogue.note_schema_change(schema_);
  if (state.counts.temporary_relations != 0) client_.own_stale_up_to = host_.catalogue.newest();
  take_counts(state.counts, counts);
  if (wants_room()) pause(*lease_, memory_of(*lease_).server_paused_since);
  settle();
  return used;
}

// After answers: the backend goes back if it is quiet; what the client sent meanwhile gets its turn.
void session::settle() {
  if (!lease_) return;
  const auto& state = memory_of(*lease_).state;
  if (state.expected.empty()) {
    if (state.own == core::backend_state::own_exchange::told_state) learn_state();
    if (state.own == core::backend_state::own_exchange::channels_changed) end_listen_exchange();
    if (phase_ == phase::leaving) return end(outcome::client_terminated);
    if (state.own != core::backend_state::own_exchange::none) return;
    if (must_ask_for_state()) {
      may_have_changed_ = false;
      return ask_for_state(*lease_, client_, pool_.instruments());
    }
    if (state.transaction != 'I' && pool_.settings().mode == config::pool_mode::statement)
      return end(outcome::client_opened_transaction);
    const bool is_busy = go_on_listening();
    if (!is_busy && may_release(false))
      release();
    else if (!is_busy && phase_ == phase::active && !waits_to_send())
      enter(phase::idle_in_transaction);
    if (lease_ && !is_busy) pin_if_needed();
    if (listening_ != nullptr) tell_held();
  }
  // While the backend has no room on_server_drained() comes back to it.
  if (kept() > 0 && !(lease_ && lease_->is_draining())) offer_kept_bytes();
}

// It has its backend, which is being made fit; the unit is yet to go.
bool session::waits_to_send() const { return !keeps_backend() && !unit_sent_; }

bool session::may_release(bool client_leaves) const {
  using metrics::pin_reason;
  const auto& state = memory_of(*lease_).state;
  const auto reason = reason_to_keep();
  const bool can_be_undone =
      client_leaves && !state.has_library &&
      (keeps_backend() || is_bound() || state.untold || reason == pin_reason::sequence);
  return state.is_quiet() && !client_.in_unit && client_.rest.how != core::passing::forward &&
         (client_leaves || !waits_to_send()) && (!reason || can_be_undone) && !lease_->is_draining();
}

// After what may have changed it; and while the session is bound to its backend by something, which may have
// gone, if others need one.
bool session::must_ask_for_state() const {
  const auto& state = memory_of(*lease_).state;
  if (keeps_backend() || !state.is_quiet() || client_.in_unit) return false;
  if (state.dirty || (state.untold && may_have_changed_)) return true;
  return is_bound() && may_have_changed_ && (state.gave_up || pool_.has_waiters());
}

void session::learn_state() {
  auto& memory = memory_of(*lease_);
  auto& state = memory.state;
  state.own = core::backend_state::own_exchange::none;
  auto found = std::exchange(state.findings, {});
  state.untold = found.failed;
  if (found.failed) return;
  const bool had_all = bound_.listens || !is_subscribed();
  bound_ = found.bound;
  if (found.profile.authorization == memory.login_user) found.profile.authorization.clear();
  profile_ = host_.profiles.intern(std::move(found.profile));
  note_profile(*lease_, profile_);
  learn_application_name(found.application_name);
  const bool may_share =
      client_.names == core::naming::own && !bound_.any_but_listening() && phase_ != phase::leaving;
  if (may_share && core::share_names(client_, host_.catalogue, found.statements)) drop_own_names(*lease_);
  learn_channels(std::move(found.channels), had_all);
  if (!reason_to_keep()) unpin();
}

// pgweir sets the name on each server connection: a RESET there returns to none, and the client was told so.
void session::learn_application_name(const std::optional<std::string>& now) {
  lease_->application_name = now.value_or(memory_of(*lease_).login_application_name);
  if (now) return application_name_.change(*now);
  application_name_.reset();
  const auto& own = application_name_.now();
  if (own == lease_->application_name) return;
  prepare_for(*lease_, owner(), pool_.instruments());
  std::string message;
  wire::append_parameter_status(message, "application_name", own);
  send(wire::as_bytes(message));
}

unit_owner session::owner() const {
  return {.client_id = identity_.id, .application_name = application_name_.now(), .profile = profile_};
}

// Why the lease outlasts the transaction, if it does.
std::optional<metrics::pin_reason> session::reason_to_keep() const {
  if (const auto other = reason_besides_listening()) return other;
  return bound_.listens ? std::optional{metrics::pin_reason::listen} : std::nullopt;
}

std::optional<metrics::pin_reason> session::reason_besides_listening() const {
  if (!greeting_->startup->replication.empty()) return metrics::pin_reason::replication;
  if (keeps_backend()) return metrics::pin_reason::session_mode;
  if (client_.needs_same_backend()) return metrics::pin_reason::large_statement;
  if (memory_of(*lease_).state.lost_count) return metrics::pin_reason::copy_doubt;
  if (memory_of(*lease_).state.untold) return metrics::pin_reason::unknown_state;
  if (memory_of(*lease_).state.has_library) return metrics::pin_reason::load;
  if (bound_.advisory_locks) return metrics::pin_reason::advisory_lock;
  if (bound_.temporary_objects) return metrics::pin_reason::temporary_object;
  if (bound_.held_cursors) return metrics::pin_reason::held_cursor;
  if (bound_.sql_prepared || client_.names == core::naming::own) return metrics::pin_reason::sql_prepare;
  if (keeps_sequences()) return metrics::pin_reason::sequence;
  return std::nullopt;
}

// Nothing tells what a session has taken from sequences; so it stays until it discards that, or leaves.
bool session::keeps_sequences() const {
  return pool_.sequences().asks_later() &&
         memory_of(*lease_).state.sequences == core::sequence_values::of_client;
}

// A pipeline may never leave the phase: each unit has its own time.
void session::restart_query_timeout() {
  const auto limit = timeout_of(phase_);
  if (phase_ != phase::active || limit.count() == 0) return;
  overdue_ = false;
  on().timer.arm(*this, unit_since_ + limit);
}

void session::release() {
  unpin();
  rest();
  give_back(false);
}

void session::observe_transaction() {
  auto& counts = pool_.instruments();
  counts.transactions.add();
  counts.transaction.observe(io::clock::now() - since_);
}

void session::give_back(bool client_leaves) {
  auto& counts = pool_.instruments();
  observe_transaction();
  // COPY data that the server no longer wanted may be left.
  lease_->flush();
  lease_->set_user(nullptr);
  const auto& state = memory_of(*lease_).state;
  bound_ = {};
  auto returned = std::move(lease_);
  const bool is_hasty = profile_ != nullptr && core::is_hasty(*profile_);
  if (is_hasty || (client_leaves && (state.dirty || state.untold)))
    host_.resets.begin(std::move(returned), counts, host_.catalogue.prefix());
  else
    returned.release();
}

// Counted once for each lease.
void session::pin_if_needed() {
  if (pinned_ || memory_of(*lease_).state.transaction != 'I') return;
  if (listening_ != nullptr && listening_->channels.is_changing()) return;
  pinned_ = reason_to_keep();
  if (!pinned_) return;
  if (!keeps_backend()) place_.take_anyway();
  pinned_since_ = io::clock::now();
  if (pool_.instruments().pins[*pinned_].value() == 0) log_pin(*pinned_);
  pool_.instruments().pins[*pinned_].add();
  pool_.instruments().pinned[*pinned_].add(1);
}

// The first of its reason, so that somebody learns which statement of which application does that. Up to the
// first literal, which may be a secret.
void session::log_pin(metrics::pin_reason why) const {
  const std::string_view text = memory_of(*lease_).state.suspect;
  metrics::log::event(config::log_level::info, "a session keeps its server connection",
                      {{"database", pool_.database()},
                       {"user", pool_.user()},
                       {"application", application_name_.now()},
                       {"reason", metrics::name_of(why)},
                       {"statement", text.substr(0, text.find_first_of("'$"))}});
}

void session::unpin() {
  place_.leave();
  if (!pinned_) return;
  auto& counts = pool_.instruments();
  counts.pinned[*pinned_].add(-1);
  counts.pinned_nanoseconds[*pinned_].add(
      static_cast<std::uint64_t>((io::clock::now() - pinned_since_).count()));
  pinned_.reset();
}

void session::on_drained() {
  if (lane_ != nullptr && lane_->is_head(*this)) lane_->on_client_drained();
  if (!lease_) return offer_kept_bytes();
  auto& since = memory_of(*lease_).server_paused_since;
  resume(*lease_, since, pool_.instruments().backpressure_client_nanoseconds);
}

void session::on_server_drained() {
  auto& since = memory_of(*lease_).client_paused_since;
  resume(*this, since, pool_.instruments().backpressure_server_nanoseconds);
  settle();
}

void session::on_server_lost(io::io_status why) {
  const auto said = memory_of(*lease_).state.fatal;
  answer_is_cut_ = memory_of(*lease_).state.rest.how == core::passing::forward;
  const std::string detail = why == io::io_status::closed ? "" : lease_->stream().error();
  enter(phase::active);
  unpin();
  lease_->set_user(nullptr);
  lease_.discard(metrics::close_reason::server);
  said.empty() ? end(outcome::server_lost, detail) : end(outcome::server_said_fatal, said);
}

}  // namespace pgweir::proxy
