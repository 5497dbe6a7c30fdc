// proxy/relay.hpp - carries out what core/request_relay and core/response_relay decide, between a session and
// the backend that it holds.
#pragma once

#include "metrics/instruments.hpp"
#include "pool/backend.hpp"
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"

#include <cstdint>
#include <string>

namespace pgweir::proxy {

// What a backend carries from lease to lease.
struct relay_memory final : pool::backend_memory {
  core::backend_state state;
  std::uint64_t last_client = 0;
  std::string login_application_name;  // what RESET and DISCARD ALL return to
};

// Puts bytes into a connection's outgoing buffer.
class connection_sink final : public wire::sink {
 public:
  explicit connection_sink(io::connection& to) : to_(to) {}
  void put(wire::bytes_view bytes) override { to_.send(bytes); }

 private:
  io::connection& to_;
};

relay_memory& memory_of(pool::backend& held);

// Makes a backend that another client had fit for this one: undoes what that one may have left behind, and
// sets the application's name. The answers are swallowed.
void prepare_for(pool::backend& held, std::uint64_t client_id, std::string_view application_name,
                 metrics::pool_instruments& counts);

// Moves the relays' counts to the instruments.
void take_counts(core::relay_counts& from, metrics::pool_instruments& to);

}  // namespace pgweir::proxy
