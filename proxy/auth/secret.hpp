// proxy/auth/secret.hpp - a configured secret, told apart as PostgreSQL tells the contents of
// pg_authid.rolpassword.
#pragma once

#include "proxy/auth/scram_keys.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace pgweir::auth {

struct no_secret {};  // empty: nobody can log in with a password

struct plain_secret {
  std::string password;
};

struct md5_secret {
  std::string hash;  // 32 hexadecimal digits of md5(password + user name), without the prefix "md5"
};

struct scram_verifier {
  unsigned iterations = 0;
  std::string salt;  // decoded
  scram_keys keys;
};

struct malformed_secret {
  std::string why;  // never contains any of the secret
};

using secret = std::variant<no_secret, plain_secret, md5_secret, scram_verifier, malformed_secret>;

// "SCRAM-SHA-256$iterations:salt$stored_key:server_key", "md5" and 32 lower-case hexadecimal digits; the rest
// is plain. What begins like a verifier and is none is malformed, not plain: nobody means that.
secret parse_secret(std::string_view configured);

}  // namespace pgweir::auth
