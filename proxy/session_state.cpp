// The part of a session that learns what it has left on its server connection, and whether it has to stay
// there.
#include "proxy/core/own_names.hpp"
#include "proxy/session.hpp"
#include "proxy/session_listening.hpp"
#include "proxy/wire/response.hpp"

namespace pgweir::proxy {
namespace {

std::optional<metrics::pin_reason> reason_of(core::lasting_state kept) {
  switch (kept) {
    case core::lasting_state::none:
      break;
    case core::lasting_state::library:
      return metrics::pin_reason::load;
    case core::lasting_state::random_seed:
      return metrics::pin_reason::random_seed;
  }
  return std::nullopt;
}

}  // namespace

// After what may have changed it; and while the session is bound to its backend by something, which may have
// gone, if others need one.
bool session::must_ask_for_state() {
  const auto& state = memory_of(*lease_).state;
  if (!state.is_quiet() || client_.in_unit) return false;
  if (keeps_backend()) return may_have_lost_name();
  if (state.dirty || (state.untold && may_have_changed_)) return true;
  return is_bound() && may_have_changed_ && (state.gave_up || pool_.has_waiters());
}

// In session mode, where pgweir sees no texts: the name is as it was when the server connection was made. A
// RESET does that, or SET ... TO DEFAULT, or who has set it so.
bool session::may_have_lost_name() {
  auto& memory = memory_of(*lease_);
  const auto told = std::exchange(memory.state.told_name, std::nullopt);
  return told == memory.login_application_name && told != application_name_.now() &&
         greeting_->startup->replication.empty();
}

void session::learn_state() {
  auto& memory = memory_of(*lease_);
  auto& state = memory.state;
  state.own = core::backend_state::own_exchange::none;
  auto found = std::exchange(state.findings, {});
  if (keeps_backend()) {
    state.dirty = true;
    if (!found.failed) learn_application_name(found.application_name);
    return;
  }
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
  if (const auto kept = reason_of(memory_of(*lease_).state.lasting)) return kept;
  if (bound_.advisory_locks) return metrics::pin_reason::advisory_lock;
  if (bound_.temporary_objects) return metrics::pin_reason::temporary_object;
  if (bound_.held_cursors) return metrics::pin_reason::held_cursor;
  if (bound_.sql_prepared || client_.names == core::naming::own) return metrics::pin_reason::sql_prepare;
  if (keeps_sequences()) return metrics::pin_reason::sequence;
  return std::nullopt;
}

// Nothing tells what a session has taken from sequences; so it stays until it discards that, or leaves, or
// others have no other way to a backend. Then its values go with it.
bool session::keeps_sequences() const {
  return pool_.sequences().asks_later() &&
         memory_of(*lease_).state.sequences == core::sequence_values::of_client && !pool_.is_short();
}

}  // namespace pgweir::proxy
