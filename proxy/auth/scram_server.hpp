// proxy/auth/scram_server.hpp - the server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without
// I/O.
//
//   on_client_first -> server-first -> on_client_final -> verify -> server-final
//
// SCRAM-SHA-256-PLUS is not offered, so a client that insists on channel binding is refused. As in PostgreSQL
// the user name inside the exchange is ignored: the one of the startup packet counts.
#pragma once

#include "proxy/auth/scram_keys.hpp"
#include "proxy/wire/error_response.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgweir::auth {

inline constexpr std::string_view scram_mechanism = "SCRAM-SHA-256";

// Longest parts of the client's messages that are looked at. libpq's nonce has 24 characters, RFC 7677's
// example 20.
inline constexpr std::size_t max_scram_nonce = 512, max_scram_name = 1024, max_scram_binding = 64,
                             max_scram_message = 4096;

class scram_server {
 public:
  // The message to send, or why the login ends.
  using reply = std::variant<std::string, wire::error_fields>;

  // `nonce` is fresh for each exchange: make_nonce(), or a known one in tests.
  scram_server(std::string salt, unsigned iterations, std::string nonce);

  static std::string make_nonce();

  reply on_client_first(std::string_view message);

  // None: the message is well-formed; go on with verify(). REQUIRES: on_client_first() succeeded.
  std::optional<wire::error_fields> on_client_final(std::string_view message);

  // The server-final message if the client's proof is right. REQUIRES: on_client_final() succeeded.
  std::optional<std::string> verify(const scram_keys& keys) const;

 private:
  std::string salt_;
  unsigned iterations_;
  std::string nonce_;       // the server's part, then the client's and the server's together
  std::string gs2_header_;  // "n,," or "y,,"
  std::string auth_message_;
  std::string proof_;
};

}  // namespace pgweir::auth
