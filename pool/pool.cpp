#include "pool/pool.hpp"

#include <utility>

namespace pgweir::pool {

void waiter::on_lane(backend&, bool) {}

lease& lease::operator=(lease&& other) noexcept {
  if (this == &other) return *this;
  discard(metrics::close_reason::client);
  backend_ = std::exchange(other.backend_, nullptr);
  pool_ = other.pool_;
  return *this;
}

void lease::release() {
  if (backend_ == nullptr) return;
  pool_->take_back(*std::exchange(backend_, nullptr));
}

void lease::discard(metrics::close_reason why) {
  if (backend_ == nullptr) return;
  pool_->drop(*std::exchange(backend_, nullptr), why);
}

}  // namespace pgweir::pool
