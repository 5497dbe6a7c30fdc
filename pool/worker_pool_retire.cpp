// The part of worker_pool that knows which backends nobody may be given any more.
#include "pool/pool_policy.hpp"
#include "pool/worker_pool.hpp"

namespace pgweir::pool {

// Those that are closed leave the set.
std::vector<backend*> worker_pool::idle_now() const {
  std::vector<backend*> idle;
  for (const auto& one : set_.in(backend_state::idle)) idle.push_back(one.get());
  return idle;
}

// If it is not to be given to anybody.
std::optional<metrics::close_reason> worker_pool::reason_to_end(const backend& one) const {
  if (one.is_held) return metrics::close_reason::dirty;
  if (is_outdated(one)) return metrics::close_reason::outdated;
  if (policy::is_too_old(now_ - one.connected_at(), settings())) return metrics::close_reason::lifetime;
  return std::nullopt;
}

// Under load a lane is never idle, which is when a backend's age is looked at otherwise.
void worker_pool::retire_old_lanes() {
  for (const auto& one : set_.in(backend_state::lane))
    if (reason_to_end(*one)) drain_lane(*one);
}

// Those that are lent, and lanes that now drain, follow when they come back.
void worker_pool::retire_outdated() {
  const auto changed_at = shared_->logins_changed_at();
  if (changed_at == logins_changed_at_) return;
  logins_changed_at_ = changed_at;
  for (auto* one : idle_now())
    if (is_outdated(*one)) close(*one, metrics::close_reason::outdated);
  retire_old_lanes();
}

}  // namespace pgweir::pool
