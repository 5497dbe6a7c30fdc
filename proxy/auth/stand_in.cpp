#include "proxy/auth/stand_in.hpp"

#include "proxy/auth/base64.hpp"
#include "proxy/auth/secret.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace pgweir::auth {

namespace {

std::string random_key() { return encode_base64(random_bytes(sha256_digest{}.size())); }

// A random secret of the kind of `model`.
std::string random_secret_like(const secret& model) {
  if (const auto* verifier = std::get_if<scram_verifier>(&model)) {
    return "SCRAM-SHA-256$" + std::to_string(verifier->iterations) + ":" +
           encode_base64(random_bytes(verifier->salt.size())) + "$" + random_key() + ":" + random_key();
  }
  if (std::holds_alternative<md5_secret>(model)) return "md5" + md5_hex(random_bytes(16));
  return random_key();
}

}  // namespace

config::user_settings stand_in_for_unknown(const config::config& settings) {
  using kind = std::pair<config::auth_method, std::size_t>;
  std::map<kind, std::size_t> users_of;
  config::user_settings stand_in;
  std::size_t most = 0;
  std::string model;
  for (const auto& [name, user] : settings.users) {
    if (user.auth == config::auth_method::trust) continue;
    const auto users = ++users_of[{user.auth, parse_secret(user.secret).index()}];
    if (users <= most) continue;
    most = users;
    stand_in.auth = user.auth;
    model = user.secret;
  }
  stand_in.secret = random_secret_like(parse_secret(model));
  return stand_in;
}

}  // namespace pgweir::auth
