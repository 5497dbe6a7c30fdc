// proxy/login/tls_context.hpp - the TLS side of a listener: certificate, key and rules, shared by all its
// sessions.
#pragma once

#include "config/config.hpp"

#include <memory>

struct ssl_ctx_st;

namespace pgweir::login {

struct tls_context_deleter {
  void operator()(ssl_ctx_st* context) const;
};
using tls_context = std::unique_ptr<ssl_ctx_st, tls_context_deleter>;

// Null if TLS is off. Throws std::runtime_error that names the file and what is wrong with it.
// TLS 1.2 and later; no session cache, no renegotiation; idle sessions give their buffers back.
// The sessions made from a context keep it alive, so it can be replaced while they run.
tls_context make_tls_context(const config::tls_settings& settings);

}  // namespace pgweir::login
