#include "proxy/login/login_attempt.hpp"

#include "proxy/auth/refusals.hpp"
#include "proxy/login/key_derivation.hpp"
#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"

#include <utility>

namespace pgweir::login {

namespace {

constexpr std::size_t max_password_body = 65'535;  // as PostgreSQL: room for tokens

wire::error_fields fatal(const char* sqlstate, std::string message, std::string hint = {}) {
  return {.severity = "FATAL",
          .sqlstate = sqlstate,
          .message = std::move(message),
          .detail = {},
          .hint = std::move(hint)};
}

wire::error_fields unencrypted_data_after(const char* request) {
  auto error = fatal("08P01", std::string("received unencrypted data after ") + request);
  error.detail =
      "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.";
  return error;
}

}  // namespace

login_attempt::login_attempt(const boost::asio::any_io_executor& executor, int descriptor, bool unix_socket,
                             const login_environment& environment)
    : environment_(environment),
      unix_socket_(unix_socket),
      stream_(executor, descriptor, environment.settings.listen.client_login_timeout) {}

boost::asio::awaitable<void> login_attempt::run() {
  const bool started = co_await receive_startup();
  if (!started) co_return;
  const bool protected_enough = co_await check_transport();
  if (!protected_enough) co_return;
  const bool known = co_await authenticate();
  if (!known) co_return;
  const bool complete = co_await check_database();
  if (complete) result_.outcome = login_outcome::authenticated;
}

void login_attempt::fail(const std::string& why) { end(login_outcome::disconnected, why); }

login_result login_attempt::take_result() {
  result_.early_bytes = stream_.take_buffered();
  result_.elapsed = std::chrono::steady_clock::now() - started_;
  result_.transport = stream_.release();
  const bool open =
      result_.outcome == login_outcome::authenticated || result_.outcome == login_outcome::cancel_requested;
  if (!open) result_.transport.close();
  return std::move(result_);
}

login_attempt::stage login_attempt::receive_startup() {
  for (;;) {
    std::string bytes;
    const bool received = co_await receive_packet(bytes);
    if (!received) co_return false;
    auto packet = wire::decode_startup(wire::as_bytes(bytes));
    bool go_on = true;
    if (auto* startup = std::get_if<wire::startup_message>(&packet)) {
      result_.startup = std::move(*startup);
      if (result_.startup.needs_negotiation())
        wire::append_negotiate_protocol_version(unsent_, result_.startup);
      co_return true;
    } else if (auto* cancel = std::get_if<wire::cancel_request>(&packet)) {
      result_.cancel = std::move(*cancel);
      co_return end(login_outcome::cancel_requested, {});
    } else if (const auto* error = std::get_if<wire::startup_error>(&packet)) {
      go_on = co_await refuse_startup(*error);
    } else if (std::holds_alternative<wire::ssl_request>(packet)) {
      go_on = co_await answer_ssl_request();
    } else {
      go_on = co_await answer_gssenc_request();
    }
    if (!go_on) co_return false;
  }
}

login_attempt::stage login_attempt::receive_packet(std::string& packet) {
  const auto head = co_await stream_.fill(4);
  if (!went_on(head, "before the startup packet")) co_return false;
  const auto size = wire::startup_packet_size(stream_.buffered());
  if (!size) co_return end(login_outcome::malformed, "invalid length of startup packet");
  const auto rest = co_await stream_.fill(*size);
  if (!went_on(rest, "inside the startup packet")) co_return false;
  packet = wire::as_text(stream_.buffered().first(*size));
  stream_.consume(*size);
  co_return true;
}

login_attempt::stage login_attempt::answer_ssl_request() {
  if (!std::exchange(ssl_allowed_, false)) {
    const auto error = wire::unsupported_protocol(wire::ssl_request_code);
    const bool go_on = co_await refuse_startup(error);
    co_return go_on;
  }
  // Whatever came along in plain text may be injected, and must not be taken as sent under TLS
  // (CVE-2021-3935).
  if (!stream_.buffered().empty()) {
    const auto error = unencrypted_data_after("SSL request");
    const bool go_on = co_await refuse(error, error.message);
    co_return go_on;
  }
  const bool offered = environment_.tls != nullptr && !unix_socket_;
  const auto sent = co_await stream_.send(offered ? "S" : "N");
  if (!went_on(sent, "after its SSLRequest")) co_return false;
  if (!offered) co_return true;
  gssenc_allowed_ = false;
  const auto shaken = co_await stream_.accept_tls(environment_.tls);
  co_return went_on(shaken, "during the TLS handshake");
}

login_attempt::stage login_attempt::answer_gssenc_request() {
  if (!std::exchange(gssenc_allowed_, false)) {
    const auto error = wire::unsupported_protocol(wire::gssenc_request_code);
    const bool go_on = co_await refuse_startup(error);
    co_return go_on;
  }
  if (!stream_.buffered().empty()) {
    const auto error = unencrypted_data_after("GSSAPI encryption request");
    const bool go_on = co_await refuse(error, error.message);
    co_return go_on;
  }
  const auto sent = co_await stream_.send("N");
  co_return went_on(sent, "after its GSSENCRequest");
}

login_attempt::stage login_attempt::check_transport() {
  const bool needs_tls = environment_.settings.listen.tls.mode == config::tls_mode::require && !unix_socket_;
  if (!needs_tls || stream_.connection().is_tls()) co_return true;
  const auto error = fatal("28000", "this pgweir requires TLS", "Connect with sslmode=require.");
  const bool go_on = co_await refuse(error, "connection without TLS");
  co_return go_on;
}

login_attempt::stage login_attempt::receive_password_message(std::string& body) {
  const auto header_read = co_await stream_.fill(wire::header_size);
  if (!went_on(header_read, "before it sent a password")) co_return false;
  const auto [status, header] = wire::read_header(stream_.buffered());
  const int type = std::to_integer<unsigned char>(stream_.buffered().front());
  std::string problem;
  if (type != wire::frontend::password) {
    problem = "expected password response, got message type " + std::to_string(type);
  } else if (status != wire::header_status::complete || header.body > max_password_body) {
    problem = "invalid message length";
  }
  if (!problem.empty()) {
    const auto error = auth::protocol_violation(problem);
    const bool go_on = co_await refuse(error, problem);
    co_return go_on;
  }
  const auto body_read = co_await stream_.fill(header.size());
  if (!went_on(body_read, "inside its password message")) co_return false;
  body = wire::as_text(stream_.buffered().subspan(wire::header_size, header.body));
  stream_.consume(header.size());
  co_return true;
}

login_attempt::stage login_attempt::authenticate() {
  const auto& listen = environment_.settings.listen;
  const auto& name = result_.startup.user;
  const auto* user = config::find_user(environment_.settings, name);
  auth::authenticator who({environment_.stand_in, environment_.keys, listen.password_without_tls});
  auto step = who.start(name, user, {stream_.connection().is_tls(), unix_socket_});
  result_.method = who.method();
  for (;;) {
    if (const auto* refused = std::get_if<auth::refused>(&step)) {
      const bool go_on = co_await refuse(refused->error, refused->reason);
      co_return go_on;
    }
    if (const auto* accepted = std::get_if<auth::accepted>(&step)) {
      unsent_.append(accepted->bytes);
      result_.user = user;
      co_return true;
    }
    if (const auto* derive = std::get_if<auth::derive>(&step)) {
      const auto keys = co_await derive_on(environment_.crypto, environment_.keys, derive->job);
      if (!keys)
        co_return end(login_outcome::disconnected,
                      "OpenSSL refuses PBKDF2 with HMAC-SHA-256; see openssl.cnf");
      step = who.keys_ready(*keys);
      continue;
    }
    unsent_.append(std::get<auth::ask>(step).bytes);
    const auto sent = co_await stream_.send(unsent_);
    if (!went_on(sent, "when it was asked for a password")) co_return false;
    unsent_.clear();
    std::string body;
    const bool received = co_await receive_password_message(body);
    if (!received) co_return false;
    step = who.on_password_message(wire::as_bytes(body));
  }
}

// Only now: before authentication the answer would tell strangers which databases there are.
login_attempt::stage login_attempt::check_database() {
  const auto& name = result_.startup.database;
  if (config::find_database(environment_.settings, name) == nullptr) {
    const auto error = fatal("3D000", "database \"" + name + "\" does not exist",
                             "pgweir's configuration has no [databases] entry for it, and none for \"*\".");
    const bool go_on = co_await refuse(error, error.message);
    co_return go_on;
  }
  const auto sent = co_await stream_.send(unsent_);
  co_return went_on(sent, "after its password was accepted");
}

login_attempt::stage login_attempt::refuse_startup(const wire::startup_error& error) {
  if (!error.reply) co_return end(login_outcome::malformed, error.reason);
  const bool go_on = co_await refuse(*error.reply, error.reason);
  co_return go_on;
}

login_attempt::stage login_attempt::refuse(const wire::error_fields& error, std::string_view reason) {
  wire::append_error(unsent_, error);
  result_.sqlstate = error.sqlstate;
  const auto sent = co_await stream_.send(unsent_);
  if (sent == stream_status::ok) stream_.discard_input();
  co_return end(login_outcome::refused, std::string(reason));
}

bool login_attempt::went_on(stream_status status, const char* during) {
  switch (status) {
    case stream_status::ok:
      return true;
    case stream_status::timed_out:
      return end(login_outcome::timed_out, std::string("client_login_timeout ") + during);
    case stream_status::closed:
      return end(login_outcome::disconnected, std::string("the client closed the connection ") + during);
    default:
      break;
  }
  return end(login_outcome::disconnected,
             std::string("the connection broke ") + during + ": " + stream_.connection().error());
}

bool login_attempt::end(login_outcome outcome, std::string detail) {
  result_.outcome = outcome;
  result_.detail = std::move(detail);
  return false;
}

}  // namespace pgweir::login
