// proxy/backend_reset.hpp - takes a backend from a client that has left something on it (locks, temporary
// tables, settings), has the server undo that at once, and gives the backend back clean.
//
// At once, not when the next client comes: a lock that a client has left would hold up others until then.
// Owner: the worker, see backend_resets. Thread rule: the worker's thread.
#pragma once

#include "pool/io/timers.hpp"
#include "pool/pool.hpp"
#include "proxy/core/state.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class backend_reset final : private pool::backend_user, private io::timeout {
 public:
  // Precondition: the backend owes nothing and is outside a transaction.
  void begin(pool::lease left, metrics::pool_instruments& counts, std::string_view statement_prefix);
  bool is_busy() const { return static_cast<bool>(lease_); }

 private:
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_drained() override {}
  void on_server_lost(io::io_status why) override;
  void on_timeout() override;
  void give_up(metrics::close_reason why);

  pool::lease lease_;
  core::client_state nobody_;
  std::string_view statement_prefix_;
};

// Those of one worker. Keeps as many as were ever busy at once. Must end before the pools.
class backend_resets {
 public:
  void begin(pool::lease left, metrics::pool_instruments& counts, std::string_view statement_prefix);

 private:
  std::vector<std::unique_ptr<backend_reset>> all_;
};

}  // namespace pgweir::proxy
