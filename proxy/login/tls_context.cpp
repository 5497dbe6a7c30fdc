#include "proxy/login/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>
#include <string>

namespace pgweir::login {

namespace {

// Takes the last error off OpenSSL's queue: the innermost cause is the first one queued.
std::string tls_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text;
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("listen.tls: " + what + ": " + tls_error());
}

void load_files(SSL_CTX* context, const config::tls_settings& settings) {
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1) {
    fail("cannot load the certificate chain from '" + settings.certificate + "'; it must be a PEM file");
  }
  if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail("cannot load the private key from '" + settings.key +
         "'; it must be a PEM file without a passphrase");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    fail("the key '" + settings.key + "' does not belong to the certificate '" + settings.certificate + "'");
  }
}

}  // namespace

void tls_context_deleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

tls_context make_tls_context(const config::tls_settings& settings) {
  if (settings.mode == config::tls_mode::off) return nullptr;
  ERR_clear_error();
  tls_context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) fail("cannot create a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A write that would block is repeated later from a buffer that may have moved, and may be done in part.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  load_files(context.get(), settings);
  return context;
}

}  // namespace pgweir::login
