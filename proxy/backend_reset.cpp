#include "proxy/backend_reset.hpp"

#include "proxy/relay.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

// A server that does not do this within such a time is in trouble.
constexpr std::chrono::seconds longest_reset{10};

class no_client final : public wire::sink {
  void put(wire::bytes_view) override {}
};

}  // namespace

void backend_reset::begin(pool::lease left, metrics::pool_instruments& counts,
                          std::string_view statement_prefix) {
  lease_ = std::move(left);
  statement_prefix_ = statement_prefix;
  lease_->set_user(this);
  discard_all(*lease_, counts);
  memory_of(*lease_).last_client = 0;
  lease_->on().timer.arm(*this, io::clock::now() + longest_reset);
}

std::size_t backend_reset::on_server_bytes(std::span<const std::byte> arrived) {
  auto& state = memory_of(*lease_).state;
  no_client nobody;
  core::response_relay relay{nobody_, state, statement_prefix_, nobody};
  const auto step = relay.run(arrived);
  if (step.what == core::response_outcome::violation) {
    give_up(metrics::close_reason::dirty);
  } else if (state.is_quiet()) {
    lease_->on().timer.cancel(*this);
    lease_->set_user(nullptr);
    std::exchange(lease_, {}).release();
  }
  return step.consumed;
}

void backend_resets::begin(pool::lease left, metrics::pool_instruments& counts,
                           std::string_view statement_prefix) {
  auto free = std::find_if(all_.begin(), all_.end(), [](const auto& one) { return !one->is_busy(); });
  if (free == all_.end()) free = all_.insert(all_.end(), std::make_unique<backend_reset>());
  (*free)->begin(std::move(left), counts, statement_prefix);
}

void backend_reset::on_server_lost(io::io_status) { give_up(metrics::close_reason::server); }

void backend_reset::on_timeout() { give_up(metrics::close_reason::dirty); }

void backend_reset::give_up(metrics::close_reason why) {
  lease_->on().timer.cancel(*this);
  lease_->set_user(nullptr);
  std::exchange(lease_, {}).discard(why);
}

}  // namespace pgweir::proxy
