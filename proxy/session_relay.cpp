// The part of a session that holds a backend: bytes of both sides go through the core's relays.
#include "proxy/processes/named_processes.hpp"
#include "proxy/session.hpp"
#include "proxy/session_listening.hpp"

namespace pgweir::proxy {

core::relay_rules session::relay_rules() {
  const bool share_unnamed = pool_.settings().prepare_unnamed == config::prepare_unnamed::automatic;
  return {.catalogue = host_.catalogue,
          .unnamed = share_unnamed ? &host_.texts : nullptr,
          .queries = &host_.texts,
          .prepared_limit = pool_.settings().prepared_statements,
          .client_id = identity_.id,
          .may_start_unit = !is_subscribed() && (!unit_sent_ || !pool_.has_waiters()),
          .processes = this,
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
  if (state.counts.processes_told != 0) note_told_process();
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
    if (relay.error().sqlstate[0] != '\0') note_server_error(relay.error().sqlstate.data());
    // The next of its names may have to wait for a lock, too.
    const bool gives_names = state.own == core::backend_state::own_exchange::takes_names;
    if (client_.is_cancelled && gives_names && relay.error().sqlstate[0] != '\0') pool_.cancel_query(*lease_);
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
  if (state.counts.login_changes != 0) host_.note_login_change();
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
    forget_named();
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
      client_leaves && state.lasting == core::lasting_state::none &&
      (keeps_backend() || is_bound() || state.untold || reason == pin_reason::sequence);
  return state.is_quiet() && !client_.in_unit && client_.rest.how != core::passing::forward &&
         (client_leaves || !waits_to_send()) && (!reason || can_be_undone) && !lease_->is_draining();
}

// A pipeline may never leave the phase: each unit has its own time.
void session::restart_query_timeout() {
  const auto limit = timeout_of(phase_);
  if (phase_ != phase::active || limit.count() == 0) return;
  overdue_ = false;
  on().timer.arm(*this, unit_since_ + limit);
}

void session::release() {
  drop_named();
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
  memory_of(*lease_).mourned.use.set(false);
  auto returned = std::move(lease_);
  const bool is_hasty = profile_ != nullptr && core::is_hasty(*profile_);
  if (is_hasty || (client_leaves && (state.dirty || state.untold)))
    host_.resets.begin(std::move(returned), counts, host_.catalogue.prefix());
  else
    returned.release();
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
