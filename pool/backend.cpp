#include "pool/backend.hpp"

#include "pool/pool.hpp"

#include <atomic>
#include <sys/socket.h>

namespace pgweir::pool {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string initial_application_name(const server_welcome& welcome) {
  for (const auto& [name, value] : welcome.parameters)
    if (name == "application_name") return value;
  return {};
}

}  // namespace

backend::backend(io::loop& owner, server_connection established, shared_profile startup)
    : connection(owner, std::move(established.stream)),
      application_name(initial_application_name(established.welcome)),
      server_(std::move(established)),
      profile_(std::move(startup)),
      connected_at_(io::clock::now()),
      id_(next_id()) {}

// Before server_, whose PQfinish closes the descriptor.
backend::~backend() { close(); }

void backend::note_parameter(std::string_view name, std::string_view value) {
  for (auto& [known, current] : server_.welcome.parameters) {
    if (known != name) continue;
    current = value;
    return;
  }
  server_.welcome.parameters.emplace_back(name, value);
}

bool backend::in_template_database() const {
  return server_.welcome.database == "template0" || server_.welcome.database == "template1";
}

void backend::hang_up() {
  if (is_open()) ::shutdown(stream().descriptor(), SHUT_RDWR);
}

std::size_t backend::on_bytes(std::span<const std::byte> arrived) {
  std::size_t taken = 0;
  // A user that gives the backend back in the midst leaves the rest to the next one, or to the pool.
  while (taken < arrived.size() && is_open()) {
    const auto* reader = user_;
    const auto rest = arrived.subspan(taken);
    taken += reader == nullptr ? pool_->on_idle_bytes(*this, rest) : user_->on_server_bytes(rest);
    if (user_ == reader) break;
  }
  return taken;
}

void backend::on_drained() {
  if (user_ != nullptr) user_->on_server_drained();
}

void backend::on_lost(io::io_status why) {
  if (user_ != nullptr)
    user_->on_server_lost(why);
  else
    pool_->on_idle_lost(*this, why);
}

}  // namespace pgweir::pool
