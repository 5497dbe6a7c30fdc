// The part of a session that begins and ends transactions without a backend.
#include "proxy/core/transaction_deferral.hpp"
#include "proxy/session.hpp"

namespace pgweir::proxy {

using outcome_of_begin = metrics::deferred_begin_outcome;

// A server's own timeouts of transactions hold for one that it knows of: who sets one gets what he sets.
bool session::defers_begin() const {
  const auto& settings = pool_.settings();
  return settings.begin == config::begin::deferred && settings.mode == config::pool_mode::transaction &&
         !keeps_backend() && !greeting_->limits_transactions &&
         (profile_ == nullptr || !core::limits_transactions(*profile_));
}

// The unit at the front, if it needs no backend: returns its size, 0 if it does.
std::size_t session::answer_begin(std::span<const std::byte> arrived) {
  if (client_.deferred.is_none() && !defers_begin()) return 0;
  const core::deferral_rules rules{.begins = host_.begins,
                                   .server_takes_writes = greeting_->server_takes_writes};
  const bool was_begun = client_.deferred.is_begun();
  host_.answer.clear();
  const auto step = core::defer_transaction(client_, arrived, rules, host_.answer);
  switch (step.what) {
    case core::deferral_step::outcome::dispatch:
      return 0;
    case core::deferral_step::outcome::ended:
      if (was_begun) count_begin(outcome_of_begin::empty);
      [[fallthrough]];
    case core::deferral_step::outcome::begun: {
      auto& counts = pool_.instruments();
      counts.client_received_bytes.add(step.bytes);
      connection_sink{*this, counts.client_sent_bytes}.put(wire::as_bytes(host_.answer));
      rest();
      return step.bytes;
    }
    case core::deferral_step::outcome::refused:
      break;
  }
  unit_ = arrived;
  refuse_unit(error_of(outcome::unit_in_failed_transaction, {}));
  unit_ = {};
  return 0;
}

// Without a backend.
void session::rest() { enter(client_.deferred.is_none() ? phase::idle : phase::begun); }

void session::count_begin(outcome_of_begin how) { pool_.instruments().deferred_begins[how].add(); }

}  // namespace pgweir::proxy
