#include "proxy/auth/authenticator.hpp"

#include "proxy/auth/md5_password.hpp"
#include "proxy/auth/messages.hpp"
#include "proxy/auth/refusals.hpp"

#include <utility>

namespace pgweir::auth {

namespace {

using config::auth_method;

// Why a secret cannot serve a method; empty if it can.
std::string unusable(const secret& of, auth_method method) {
  if (std::holds_alternative<no_secret>(of)) return "no password is configured for the user";
  if (const auto* malformed = std::get_if<malformed_secret>(&of))
    return "the user's secret is malformed: " + malformed->why;
  if (method == auth_method::scram_sha_256 && std::holds_alternative<md5_secret>(of)) {
    return "the user's secret is md5, which cannot serve auth = \"scram-sha-256\"";
  }
  return {};
}

// The text of a password message: one zero-terminated string that fills the body.
std::optional<std::string_view> password_text(wire::bytes_view body) {
  wire::cursor in(body);
  const auto text = in.c_string();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return text;
}

bool same_password(std::string_view a, std::string_view b) {
  return equal_in_constant_time(as_text(sha256(a)), as_text(sha256(b)));
}

}  // namespace

authenticator::authenticator(const auth_environment& environment) : environment_(environment) {}

step authenticator::start(std::string_view user, const config::user_settings* settings, peer_facts peer) {
  user_ = user;
  const auto& effective = settings != nullptr ? *settings : environment_.stand_in;
  method_ = effective.auth;
  if (method_ == auth_method::trust) return accept({});
  secret_ = parse_secret(effective.secret);
  if (method_ == auth_method::md5 && std::holds_alternative<scram_verifier>(secret_)) {
    method_ = auth_method::scram_sha_256;
  }
  doomed_ = settings != nullptr ? unusable(secret_, method_) : "the user is not configured";
  switch (method_) {
    case auth_method::password:
      return ask_for_password(peer);
    case auth_method::md5:
      return ask_for_md5();
    default:
      return ask_for_sasl();
  }
}

step authenticator::ask_for_password(peer_facts peer) {
  if (!peer.tls && !peer.unix_socket && !environment_.password_without_tls) {
    return refuse(password_needs_tls(user_), "auth = \"password\" without TLS");
  }
  state_ = state::password_asked;
  return ask{authentication_cleartext_password()};
}

step authenticator::ask_for_md5() {
  md5_salt_ = random_bytes(md5_salt_size);
  state_ = state::md5_asked;
  return ask{authentication_md5_password(md5_salt_)};
}

step authenticator::ask_for_sasl() {
  state_ = state::sasl_asked;
  return ask{authentication_sasl(scram_mechanism)};
}

step authenticator::on_password_message(wire::bytes_view body) {
  switch (state_) {
    case state::sasl_asked:
      return on_sasl_initial(body);
    case state::client_first_asked:
      return on_client_first(wire::as_text(body));
    case state::client_final_asked:
      return on_client_final(wire::as_text(body));
    case state::password_asked:
    case state::md5_asked:
      break;
    default:
      return refuse(protocol_violation("unexpected password message"), "message 'p' when none was asked for");
  }
  const auto text = password_text(body);
  if (!text) return refuse(protocol_violation("invalid password packet size"), "malformed password message");
  if (text->empty()) return refuse(empty_password(), "empty password");
  return state_ == state::md5_asked ? on_md5(*text) : on_password(*text);
}

step authenticator::on_password(std::string_view password) {
  if (const auto* plain = std::get_if<plain_secret>(&secret_))
    return verdict(same_password(plain->password, password));
  if (const auto* md5 = std::get_if<md5_secret>(&secret_)) {
    return verdict(equal_in_constant_time(md5->hash, md5_of_password(password, user_).hash));
  }
  if (const auto* verifier = std::get_if<scram_verifier>(&secret_)) {
    state_ = state::password_deriving;
    return derive{{.password = std::string(password),
                   .salt = verifier->salt,
                   .iterations = verifier->iterations,
                   .user = {},
                   .keep = false}};
  }
  return verdict(false);
}

step authenticator::on_md5(std::string_view response) {
  md5_secret known;
  if (const auto* md5 = std::get_if<md5_secret>(&secret_)) known = *md5;
  if (const auto* plain = std::get_if<plain_secret>(&secret_))
    known = md5_of_password(plain->password, user_);
  return verdict(equal_in_constant_time(md5_response(known, md5_salt_), response));
}

step authenticator::on_sasl_initial(wire::bytes_view body) {
  wire::cursor in(body);
  const auto mechanism = in.c_string();
  if (in.ok() && mechanism != scram_mechanism) {
    return refuse(protocol_violation("client selected an invalid SASL authentication mechanism"),
                  "SASL mechanism that was not offered");
  }
  const auto length = in.i32();
  const bool no_response = length == -1;
  const auto response = in.take(length > 0 ? static_cast<std::size_t>(length) : 0);
  if (!in.ok() || !in.at_end() || length < -1) {
    return refuse(protocol_violation("invalid SASL initial response"), "malformed SASLInitialResponse");
  }
  if (no_response) {
    state_ = state::client_first_asked;
    return ask{authentication_sasl_continue({})};
  }
  return on_client_first(wire::as_text(response));
}

step authenticator::on_client_first(std::string_view message) {
  const auto* verifier = std::get_if<scram_verifier>(&secret_);
  // A doomed login shows the salt that the name would have if its password were configured in plain.
  auto salt = verifier != nullptr && doomed_.empty() ? verifier->salt : environment_.keys.salt_for(user_);
  const auto iterations = verifier != nullptr ? verifier->iterations : default_scram_iterations;
  scram_.emplace(std::move(salt), iterations, scram_server::make_nonce());
  auto reply = scram_->on_client_first(message);
  if (auto* error = std::get_if<wire::error_fields>(&reply)) {
    return refuse(std::move(*error), "malformed client-first message");
  }
  state_ = state::client_final_asked;
  return ask{authentication_sasl_continue(std::get<std::string>(reply))};
}

step authenticator::on_client_final(std::string_view message) {
  if (auto error = scram_->on_client_final(message))
    return refuse(std::move(*error), "malformed client-final message");
  state_ = state::proof_deriving;
  if (const auto* verifier = std::get_if<scram_verifier>(&secret_)) return on_proof(verifier->keys);
  const auto* plain = std::get_if<plain_secret>(&secret_);
  if (plain == nullptr || !doomed_.empty()) return on_proof(scram_keys{});
  if (const auto known = environment_.keys.find(user_, plain->password)) return on_proof(*known);
  return derive{derivation_of(environment_.keys, user_, plain->password)};
}

step authenticator::keys_ready(const scram_keys& keys) {
  switch (state_) {
    case state::proof_deriving:
      return on_proof(keys);
    case state::password_deriving: {
      const auto* verifier = std::get_if<scram_verifier>(&secret_);
      return verdict(verifier != nullptr &&
                     equal_in_constant_time(as_text(verifier->keys.stored_key), as_text(keys.stored_key)));
    }
    default:
      return refuse_password();
  }
}

step authenticator::on_proof(const scram_keys& keys) {
  const auto server_final = scram_->verify(keys);
  if (!server_final || !doomed_.empty()) return refuse_password();
  return accept(authentication_sasl_final(*server_final));
}

step authenticator::verdict(bool right) {
  if (!right || !doomed_.empty()) return refuse_password();
  return accept({});
}

step authenticator::accept(std::string bytes) {
  state_ = state::done;
  return accepted{std::move(bytes)};
}

step authenticator::refuse(wire::error_fields error, std::string reason) {
  state_ = state::done;
  return refused{std::move(error), std::move(reason)};
}

step authenticator::refuse_password() {
  return refuse(wrong_password(user_), doomed_.empty() ? "wrong password" : doomed_);
}

}  // namespace pgweir::auth
