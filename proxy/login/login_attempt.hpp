// proxy/login/login_attempt.hpp - the stages of one client_login() and what they share.
#pragma once

#include "proxy/auth/authenticator.hpp"
#include "proxy/login/client_login.hpp"
#include "proxy/login/login_stream.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::login {

// Must outlive the coroutines it returns. A stage that returns false has ended the login and set the outcome.
class login_attempt {
 public:
  login_attempt(const boost::asio::any_io_executor& executor, int descriptor, bool unix_socket,
                const login_environment& environment);

  boost::asio::awaitable<void> run();

  // Ends the login because of an error of our own.
  void fail(const std::string& why);
  login_result take_result();

 private:
  using stage = boost::asio::awaitable<bool>;

  // Until a startup message is there: TLS, GSS encryption, cancel requests.
  stage receive_startup();
  stage receive_packet(std::string& packet);
  stage answer_ssl_request();
  stage answer_gssenc_request();
  stage receive_password_message(std::string& body);
  stage check_transport();
  stage authenticate();
  stage check_database();

  // Sends the error behind what is unsent, and ends the login.
  stage refuse(const wire::error_fields& error, std::string_view reason);
  stage refuse_startup(const wire::startup_error& error);
  // Ends the login if the stream has failed.
  bool went_on(stream_status status, const char* during);
  bool end(login_outcome outcome, std::string detail);

  const login_environment& environment_;
  const bool unix_socket_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  login_stream stream_;
  bool ssl_allowed_ = true;     // one SSLRequest (PostgreSQL CVE-2026-6479)
  bool gssenc_allowed_ = true;  // one GSSENCRequest, and none inside TLS
  std::string unsent_;          // messages that go out together with the next one
  login_result result_;
};

}  // namespace pgweir::login
