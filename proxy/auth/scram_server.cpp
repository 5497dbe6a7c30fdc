#include "proxy/auth/scram_server.hpp"

#include "proxy/auth/base64.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::auth {

namespace {

constexpr std::size_t nonce_bytes = 18;  // as PostgreSQL: 24 characters of base64

wire::error_fields violation(const char* detail) {
  return {.severity = "FATAL",
          .sqlstate = "08P01",
          .message = "malformed SCRAM message",
          .detail = detail,
          .hint = {}};
}

wire::error_fields unsupported(const char* message) {
  return {.severity = "FATAL", .sqlstate = "0A000", .message = message, .detail = {}, .hint = {}};
}

// The value of "name=value" at the front of `rest`, which is cut behind the comma; none if it is not there.
std::optional<std::string_view> take_attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  const auto attribute = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(rest.size(), attribute.size() + 1));
  return attribute.substr(2);
}

bool is_nonce(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  return !text.empty() && text.size() <= max_scram_nonce && std::all_of(text.begin(), text.end(), printable);
}

}  // namespace

scram_server::scram_server(std::string salt, unsigned iterations, std::string nonce)
    : salt_(std::move(salt)), iterations_(iterations), nonce_(std::move(nonce)) {}

std::string scram_server::make_nonce() { return encode_base64(random_bytes(nonce_bytes)); }

scram_server::reply scram_server::on_client_first(std::string_view message) {
  if (message.size() > max_scram_message) return violation("The message is too long.");
  if (message.find('\0') != std::string_view::npos) return violation("The message contains a zero byte.");
  if (message.starts_with("p=")) {
    return violation(
        "The client asks for channel binding, which was not offered; connect with "
        "channel_binding=prefer or disable.");
  }
  if (!message.starts_with("n,") && !message.starts_with("y,")) {
    return violation("Unexpected channel-binding flag.");
  }
  if (message.substr(2).starts_with("a=")) {
    return unsupported("client uses authorization identity, but it is not supported");
  }
  if (message.size() < 3 || message[2] != ',')
    return violation("A comma is missing after the channel-binding flag.");
  gs2_header_ = message.substr(0, 3);

  const auto bare = message.substr(3);
  auto rest = bare;
  if (rest.starts_with("m=")) return unsupported("client requires an unsupported SCRAM extension");
  const auto name = take_attribute(rest, 'n');
  if (!name) return violation("The user name is missing.");
  if (name->size() > max_scram_name) return violation("The user name is too long.");
  const auto nonce = take_attribute(rest, 'r');
  if (!nonce || !is_nonce(*nonce)) return violation("The nonce is missing, too long or not printable.");

  nonce_.insert(0, *nonce);
  std::string server_first =
      "r=" + nonce_ + ",s=" + encode_base64(salt_) + ",i=" + std::to_string(iterations_);
  auth_message_.append(bare).append(",").append(server_first).append(",");
  return server_first;
}

std::optional<wire::error_fields> scram_server::on_client_final(std::string_view message) {
  if (message.size() > max_scram_message) return violation("The message is too long.");
  if (message.find('\0') != std::string_view::npos) return violation("The message contains a zero byte.");
  const auto proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return violation("The proof is missing.");
  const auto without_proof = message.substr(0, proof_at);

  auto rest = without_proof;
  const auto binding = take_attribute(rest, 'c');
  if (!binding || binding->size() > max_scram_binding)
    return violation("The channel binding is missing or too long.");
  // "biws" or "eSws": the header of the first message again (pgdog#48), or someone has changed the offer on
  // the way.
  if (*binding != encode_base64(gs2_header_)) return violation("Unexpected channel-binding attribute.");
  const auto nonce = take_attribute(rest, 'r');
  if (!nonce) return violation("The nonce is missing.");
  if (!equal_in_constant_time(*nonce, nonce_)) return violation("Nonce does not match.");

  const auto proof = decode_base64(message.substr(proof_at + 3));
  if (!proof || proof->size() != sha256_digest{}.size())
    return violation("The proof is not base64 of 32 bytes.");
  proof_ = *proof;
  auth_message_.append(without_proof);
  return std::nullopt;
}

std::optional<std::string> scram_server::verify(const scram_keys& keys) const {
  const auto signature = hmac_sha256(as_text(keys.stored_key), auth_message_);
  sha256_digest client_key;
  std::transform(signature.begin(), signature.end(), proof_.begin(), client_key.begin(),
                 [](char a, char b) { return static_cast<char>(a ^ b); });
  if (!equal_in_constant_time(as_text(sha256(as_text(client_key))), as_text(keys.stored_key)))
    return std::nullopt;
  return "v=" + encode_base64(as_text(hmac_sha256(as_text(keys.server_key), auth_message_)));
}

}  // namespace pgweir::auth
