#include "proxy/auth/refusals.hpp"

namespace pgweir::auth {

namespace {

wire::error_fields fatal(const char* sqlstate, std::string message) {
  return {.severity = "FATAL", .sqlstate = sqlstate, .message = std::move(message), .detail = {}, .hint = {}};
}

}  // namespace

wire::error_fields wrong_password(std::string_view user) {
  return fatal("28P01", "password authentication failed for user \"" + std::string(user) + "\"");
}

wire::error_fields empty_password() { return fatal("28P01", "empty password returned by client"); }

wire::error_fields password_needs_tls(std::string_view user) {
  auto error = fatal("28000", "password authentication of user \"" + std::string(user) + "\" needs TLS");
  error.detail = "The password would cross the network unencrypted.";
  error.hint =
      "Connect with sslmode=require or through a Unix socket, or let the operator of pgweir set auth = "
      "\"scram-sha-256\" for the user, or password_without_tls = true under [listen].";
  return error;
}

wire::error_fields protocol_violation(std::string message) { return fatal("08P01", std::move(message)); }

}  // namespace pgweir::auth
