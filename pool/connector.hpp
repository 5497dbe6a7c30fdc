// pool/connector.hpp - opens backends for one worker's pool: logins under way, back-off, the last failure.
// Thread rule: the worker's thread.
#pragma once

#include "metrics/instruments.hpp"
#include "pool/backoff.hpp"
#include "pool/io/loop.hpp"
#include "pool/server_connection.hpp"
#include "pool/server_failure.hpp"
#include "pool/server_login.hpp"

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace pgweir::pool {

// Exactly one of the first two follows an open().
class connector_user {
 public:
  virtual void on_connected(server_connection made, const shared_profile& startup) = 0;
  virtual void on_failed(const server_failure& why, const shared_profile& startup) = 0;
  virtual void on_back_off_over() = 0;

 protected:
  ~connector_user() = default;
};

class connector final : private io::timeout {
 public:
  // `server` is the request of every login but for its profile. All references must outlive the io_context's
  // run.
  connector(io::loop& loop, login_request server, metrics::pool_instruments& instruments,
            connector_user& user);

  void open(const shared_profile& startup);

  // The profiles of the logins under way.
  const std::vector<shared_profile>& under_way() const { return under_way_; }
  // The server failed in a way that may pass: leave it in peace until on_back_off_over().
  bool is_backing_off() const { return is_armed(); }
  // If the newest attempt failed.
  const std::optional<server_failure>& last_failure() const { return last_failure_; }

 private:
  boost::asio::awaitable<void> attempt(shared_profile startup, io::asio_work under_way);
  void attempt_ended(const shared_profile& startup);
  void succeeded(server_connection made, const shared_profile& startup, io::clock::duration took);
  void failed(const server_failure& why, const shared_profile& startup, io::clock::duration took);
  void back_off(const server_failure& why);
  void log_refusal(const server_failure& why);
  void on_timeout() override { user_.on_back_off_over(); }

  io::loop& loop_;
  const login_request server_;
  metrics::pool_instruments& instruments_;
  connector_user& user_;
  std::vector<shared_profile> under_way_;
  std::optional<server_failure> last_failure_;
  backoff backoff_;
  std::minstd_rand random_{std::random_device{}()};
  io::clock::time_point refusal_logged_{};
};

}  // namespace pgweir::pool
