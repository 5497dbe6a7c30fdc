// proxy/login/login_result.hpp - how a login ended, and all that the session needs to go on.
#pragma once

#include "config/config.hpp"
#include "metrics/instruments.hpp"
#include "pool/io/transport.hpp"
#include "proxy/wire/startup.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace pgweir::login {

enum class login_outcome {
  authenticated,     // the client waits for AuthenticationOk, which is the session's to send
  cancel_requested,  // `cancel` says what; the client waits for the end of the connection
  refused,           // the client was told why, and the connection is closed
  timed_out,         // client_login_timeout went by; closed without a word
  disconnected,      // the client went away, or the connection broke
  malformed          // bytes that are no PostgreSQL client's; closed without a word
};

struct login_result {
  login_outcome outcome = login_outcome::disconnected;
  io::transport transport;  // open after authenticated and cancel_requested, else closed
  wire::startup_message startup;
  const config::user_settings* user = nullptr;  // set after authenticated; points into the configuration
  std::string early_bytes;                      // what the client already sent after its last login message
  std::optional<config::auth_method> method;    // once it is known
  std::optional<wire::cancel_request> cancel;
  std::string sqlstate;  // of the refusal that the client was sent
  std::string detail;    // for the log: why it did not succeed; no secret is in it
  std::chrono::nanoseconds elapsed{0};
};

// The labels of the histogram client_login.
metrics::login_outcome metric_of(login_outcome outcome);
metrics::login_method metric_of(const std::optional<config::auth_method>& method);

}  // namespace pgweir::login
