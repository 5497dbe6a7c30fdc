// proxy/login/key_derivation.hpp - PBKDF2 away from the event loop.
#pragma once

#include "proxy/auth/verifier_cache.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <optional>

namespace pgweir::login {

// Runs keys.derive(job) on a thread of `pool` and comes back on the caller's executor. None: OpenSSL refused.
// `keys` and `job` must outlive the coroutine. The pool has to be joined before the caller's io_context goes
// away.
boost::asio::awaitable<std::optional<auth::scram_keys>> derive_on(boost::asio::thread_pool& pool,
                                                                  auth::verifier_cache& keys,
                                                                  const auth::key_derivation& job);

}  // namespace pgweir::login
