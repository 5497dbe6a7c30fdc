// proxy/auth/authenticator.hpp - decides what one client has to send to be who it says it is; the caller does
// the I/O.
//
//   step = start(...)
//   while step is `ask`:     send its bytes, read one password message ('p'), step =
//   on_password_message(body) while step is `derive`:  run verifier_cache::derive(job) on a thread pool, step
//   = keys_ready(keys) `accepted`: send its bytes; AuthenticationOk is the caller's.  `refused`: send the
//   error and close.
#pragma once

#include "config/config.hpp"
#include "proxy/auth/scram_server.hpp"
#include "proxy/auth/secret.hpp"
#include "proxy/auth/verifier_cache.hpp"
#include "proxy/wire/cursor.hpp"
#include "proxy/wire/error_response.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgweir::auth {

struct ask {
  std::string bytes;
};
struct derive {
  key_derivation job;
};
struct accepted {
  std::string bytes;
};
struct refused {
  wire::error_fields error;  // for the client
  std::string reason;        // for the log: what the client must not learn
};
using step = std::variant<ask, derive, accepted, refused>;

struct peer_facts {
  bool tls = false;
  bool unix_socket = false;
};

// Shared by the logins of a configuration; must outlive them. Thread-safe as long as nobody changes it.
struct auth_environment {
  const config::user_settings& stand_in;  // stand_in_for_unknown()
  verifier_cache& keys;
  bool password_without_tls = false;
};

class authenticator {
 public:
  explicit authenticator(const auth_environment& environment);

  // `settings` is null for an unknown user, and must outlive the authenticator.
  step start(std::string_view user, const config::user_settings* settings, peer_facts peer);

  // `body` is what follows the header of a message 'p'. REQUIRES: the last step was `ask`.
  step on_password_message(wire::bytes_view body);

  // REQUIRES: the last step was `derive`.
  step keys_ready(const scram_keys& keys);

  // What the user was asked for; that of the stand-in for an unknown user. An md5 user with a verifier uses
  // SCRAM.
  config::auth_method method() const { return method_; }

 private:
  enum class state {
    not_started,
    password_asked,      // AuthenticationCleartextPassword is out
    password_deriving,   // waits for the keys of the password that the client sent
    md5_asked,           // AuthenticationMD5Password is out
    sasl_asked,          // AuthenticationSASL is out: SASLInitialResponse comes
    client_first_asked,  // the initial response was empty, the client-first message comes
    client_final_asked,  // server-first is out
    proof_deriving,      // waits for the keys of the configured password
    done                 // accepted or refused
  };

  step ask_for_password(peer_facts peer);
  step ask_for_md5();
  step ask_for_sasl();
  step on_password(std::string_view password);
  step on_md5(std::string_view response);
  step on_sasl_initial(wire::bytes_view body);
  step on_client_first(std::string_view message);
  step on_client_final(std::string_view message);
  step on_proof(const scram_keys& keys);

  step accept(std::string bytes);
  step refuse(wire::error_fields error, std::string reason);
  step refuse_password();
  step verdict(bool right);

  auth_environment environment_;
  state state_ = state::not_started;
  config::auth_method method_ = config::auth_method::scram_sha_256;
  std::string user_;
  secret secret_;
  std::string doomed_;  // why no password can be right; empty if one can
  std::string md5_salt_;
  std::optional<scram_server> scram_;
};

}  // namespace pgweir::auth
