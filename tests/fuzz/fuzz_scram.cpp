// tests/fuzz/fuzz_scram.cpp - the password messages of a client, whatever it was asked for. The input's first
// byte says how the user is configured; the rest is messages, each behind two bytes of length. Nobody may get
// in: no input knows the secret, and the server's nonce is fresh.
#include "config/config.hpp"
#include "proxy/auth/authenticator.hpp"
#include "proxy/auth/base64.hpp"
#include "proxy/auth/saslprep.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace {

using namespace pgweir;

config::user_settings user_of(std::uint8_t choice) {
  const auto key = auth::encode_base64(std::string(32, 'k'));
  const std::string secrets[]{"SCRAM-SHA-256$1:c2FsdA==$" + key + ":" + key, "md5" + std::string(32, 'a'), "",
                              "SCRAM-SHA-256$"};
  constexpr config::auth_method methods[]{config::auth_method::scram_sha_256, config::auth_method::md5,
                                          config::auth_method::password};
  config::user_settings user;
  user.secret = secrets[choice % 4];
  user.auth = methods[choice / 4 % 3];
  return user;
}

// An exchange as long as the input's messages last or the authenticator goes on.
void play(wire::bytes_view input, const config::user_settings& user, bool known) {
  static auth::verifier_cache keys;  // only its random key is used: no derivation here is kept
  auth::authenticator who({user, keys});
  auto step = who.start("user", known ? &user : nullptr, {.tls = true, .unix_socket = false});
  wire::cursor in(input);
  while (!std::holds_alternative<auth::refused>(step)) {
    require(!std::holds_alternative<auth::accepted>(step));
    if (const auto* needed = std::get_if<auth::derive>(&step)) {
      step = who.keys_ready(keys.derive(needed->job));
      continue;
    }
    const std::size_t size = in.u16();
    const auto body = in.take(size < in.rest().size() ? size : in.rest().size());
    if (body.empty()) return;
    step = who.on_password_message(body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data, size)).subspan(1);
  play(input, user_of(data[0]), data[0] < 128);
  const auto text = wire::as_text(input);
  if (const auto decoded = auth::decode_base64(text)) require(auth::encode_base64(*decoded) == text);
  require(auth::saslprep(text).size() <= text.size());
  auth::parse_secret(text);
  return 0;
}
