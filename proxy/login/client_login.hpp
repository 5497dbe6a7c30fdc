// proxy/login/client_login.hpp - one client from its first byte to "authenticated": negotiation of TLS and
// protocol, startup packet, authentication, and whether its database exists.
#pragma once

#include "config/config.hpp"
#include "proxy/auth/verifier_cache.hpp"
#include "proxy/login/login_result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

struct ssl_ctx_st;

namespace pgweir::login {

// Shared by the logins of a process under one configuration. All of it must outlive them, and `settings`
// their results.
struct login_environment {
  const config::config& settings;
  const config::user_settings& stand_in;  // auth::stand_in_for_unknown(settings)
  auth::verifier_cache& keys;             // one per process
  boost::asio::thread_pool& crypto;  // PBKDF2 runs here; joined before the workers' io_contexts are destroyed
  ssl_ctx_st* tls = nullptr;         // null: TLS is not offered
};

// Takes over `descriptor`, which is non-blocking and connected, when it first runs. It never throws. Runs on
// the executor of the awaiting coroutine: an io_context with one thread. REQUIRES: the process ignores
// SIGPIPE, since OpenSSL writes without MSG_NOSIGNAL.
boost::asio::awaitable<login_result> client_login(int descriptor, bool unix_socket,
                                                  const login_environment& environment);

}  // namespace pgweir::login
