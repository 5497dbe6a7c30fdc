// tests/login/login_script.hpp - one client_login() over a socket pair; the test plays the client, byte by
// byte if it likes. All of it but PBKDF2 runs on the test's own thread, so what arrived together and what did
// not is exact.
#pragma once

#include "config/config.hpp"
#include "proxy/auth/verifier_cache.hpp"
#include "proxy/login/client_login.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::login {

enum class delivery { whole, bytewise };
void PrintTo(delivery how, std::ostream* out);

class login_script {
 public:
  // `settings` and `tls` must outlive the script.
  explicit login_script(const config::config& settings, delivery how = delivery::whole,
                        bool unix_socket = false, ssl_ctx_st* tls = nullptr);
  ~login_script();

  // Sends to the login and lets it go as far as it gets.
  login_script& send(std::string_view bytes);
  // Ends the client's side.
  login_script& close_client();

  // Waits until the login has sent at least `n` bytes more, and takes all that came; less if the login ended.
  std::string receive(std::size_t n);
  // As above, the body of the next Authentication message behind its code.
  std::string receive_authentication();
  // Waits for the end.
  login_result& finish();
  bool is_finished() const { return result_.has_value(); }

  // The client's end: non-blocking.
  int descriptor() const { return client_; }
  // Lets the login run until it waits.
  void run();

 private:
  void collect();

  config::user_settings stand_in_;
  auth::verifier_cache keys_;
  boost::asio::thread_pool crypto_{1};
  login_environment environment_;
  boost::asio::io_context context_{1};
  delivery how_;
  int client_ = -1;
  std::string received_;
  std::optional<login_result> result_;
};

// Messages a client sends.
std::string startup_packet_of(std::string_view parameters, std::uint32_t version = 3u << 16);
std::string password_message(std::string_view body);
std::string ssl_request_packet();
std::string gssenc_request_packet();

// Of an ErrorResponse that is the last message in `bytes`; empty if there is none.
std::string sqlstate_in(std::string_view bytes);

}  // namespace pgweir::login
