// tests/auth/scram_client.hpp - the client's side of SCRAM-SHA-256, as simple as the tests need it.
#pragma once

#include "proxy/auth/base64.hpp"
#include "proxy/auth/digest.hpp"
#include "proxy/auth/saslprep.hpp"
#include "proxy/wire/writer.hpp"

#include <string>
#include <string_view>

namespace pgweir::auth {

struct scram_client {
  std::string password;
  std::string nonce = "rOprNGfwEbeRWgbNEkqO";
  std::string gs2_header = "n,,";
  std::string name = "user";

  std::string bare() const { return "n=" + name + ",r=" + nonce; }
  std::string first() const { return gs2_header + bare(); }

  // REQUIRES: server_first is r=...,s=...,i=...
  std::string final(std::string_view server_first) const {
    const auto salt_at = server_first.find(",s="), count_at = server_first.rfind(",i=");
    const auto full_nonce = server_first.substr(2, salt_at - 2);
    const auto salt = decode_base64(server_first.substr(salt_at + 3, count_at - salt_at - 3)).value();
    const auto iterations = static_cast<unsigned>(std::stoul(std::string(server_first.substr(count_at + 3))));
    const auto salted = pbkdf2_sha256(saslprep(password), salt, iterations);
    const auto client_key = hmac_sha256(as_text(salted), "Client Key");
    const auto without_proof = "c=" + encode_base64(gs2_header) + ",r=" + std::string(full_nonce);
    const auto auth_message = bare() + "," + std::string(server_first) + "," + without_proof;
    const auto signature = hmac_sha256(as_text(sha256(as_text(client_key))), auth_message);
    std::string proof;
    for (std::size_t i = 0; i < client_key.size(); ++i) {
      proof.push_back(static_cast<char>(client_key[i] ^ signature[i]));
    }
    return without_proof + ",p=" + encode_base64(proof);
  }
};

// The body of SASLInitialResponse; `length` is what it declares.
inline std::string sasl_initial(std::string_view response, std::uint32_t length,
                                std::string_view mechanism = "SCRAM-SHA-256") {
  std::string body;
  wire::writer(body).c_string(mechanism).u32(length).raw(response);
  return body;
}
inline std::string sasl_initial(std::string_view response) {
  return sasl_initial(response, static_cast<std::uint32_t>(response.size()));
}

}  // namespace pgweir::auth
