#include "proxy/auth/scram_keys.hpp"

#include "proxy/auth/saslprep.hpp"

namespace pgweir::auth {

scram_keys derive_scram_keys(std::string_view password, std::string_view salt, unsigned iterations) {
  const auto salted = pbkdf2_sha256(saslprep(password), salt, iterations);
  const auto client_key = hmac_sha256(as_text(salted), "Client Key");
  return {.stored_key = sha256(as_text(client_key)),
          .server_key = hmac_sha256(as_text(salted), "Server Key")};
}

}  // namespace pgweir::auth
