// The part of a session that counts as pinned; that asks whether it may be, where max_pinned limits that,
// before the unit goes that would make it so; and that gives way where others wait.
#include "metrics/log.hpp"
#include "proxy/core/refusal.hpp"
#include "proxy/session.hpp"
#include "proxy/session_listening.hpp"
#include "proxy/wire/error_response.hpp"

namespace pgweir::proxy {

bool session::will_pin(const core::unit_bonds& unit) const {
  return unit.bonds.pins || (unit.bonds.listens && !shares_listening());
}

session::pin_answer session::ask_to_pin(const core::unit_bonds& unit) {
  if (!will_pin(unit) || place_.try_take()) return pin_answer::may_go;
  const bool may_wait = pool_.settings().max_pinned_policy == config::max_pinned_policy::wait;
  return may_wait ? pin_answer::waits : pin_answer::refused;
}

// Of a session without a backend. False: the unit waits for a place, or was refused.
bool session::gate_first_unit(std::span<const std::byte> arrived) {
  if (!pool_.pins().is_limited() || counts_as_pinned()) return true;
  switch (ask_to_pin(core::bonds_of_unit(client_, arrived, host_.catalogue.forcing()))) {
    case pin_answer::may_go:
      return true;
    case pin_answer::waits:
      since_ = io::clock::now();
      place_.wait(on(), *this);
      enter(phase::waiting);
      return false;
    case pin_answer::refused:
      unit_ = arrived;
      refuse_unit(error_of(outcome::unit_pins_too_many, {}));
      unit_ = {};
      return false;
  }
  return true;
}

// It goes on waiting: for a backend, under the timeout that runs already.
void session::on_pin_place() {
  place_.accept();
  offer_kept_bytes();
}

// Of a session that has a backend: units go one by one, and `arrived` ends with the first. False: that one
// waits for answers that are owed, or was refused. In a transaction nobody waits for a place, as it holds
// locks.
bool session::gate_unit(std::span<const std::byte>& arrived) {
  if (keeps_backend()) return true;
  const auto& state = memory_of(*lease_).state;
  const bool begins = !client_.in_unit && client_.rest.how == core::passing::none &&
                      !state.awaits_copy_data() && !state.copy_both && !state.skips_until_sync &&
                      state.own == core::backend_state::own_exchange::none;
  if (!begins) return true;
  const auto unit = core::bonds_of_unit(client_, arrived, host_.catalogue.forcing());
  if (unit.size > 0) arrived = arrived.first(unit.size);
  if (counts_as_pinned() || !will_pin(unit)) return true;
  if (!state.expected.empty()) return false;
  if (state.transaction != 'T' || place_.try_take()) return true;
  refuse_in_transaction(arrived);
  return false;
}

void session::refuse_in_transaction(std::span<const std::byte> arrived) {
  const auto why = error_of(outcome::unit_pins_too_many, "In a transaction nobody waits for a place.");
  std::string message;
  wire::append_error(message, why);
  count_error(metrics::error_origin::pooler, why.sqlstate.c_str());
  connection_sink to_server{*lease_, pool_.instruments().server_sent_bytes};
  core::refuse_in_transaction(client_, memory_of(*lease_).state, arrived, std::move(message), to_server);
  enter(phase::active);
  unit_since_ = io::clock::now();
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

bool session::yield_backend() {
  const bool is_at_rest = phase_ == phase::idle_in_transaction;
  if (!is_at_rest || pinned_ != metrics::pin_reason::sequence || !may_release(false)) return false;
  settle();
  return !lease_;
}

}  // namespace pgweir::proxy
