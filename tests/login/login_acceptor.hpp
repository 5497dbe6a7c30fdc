// tests/login/login_acceptor.hpp - a server on 127.0.0.1 that lets clients log in and then says that it is
// ready for queries, which it never answers: enough for a real driver to connect.
#pragma once

#include "config/config.hpp"
#include "proxy/auth/verifier_cache.hpp"
#include "proxy/login/client_login.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

#include <string>
#include <thread>
#include <vector>

namespace pgweir::login {

class login_acceptor {
 public:
  // `settings` and `tls` must outlive it.
  explicit login_acceptor(const config::config& settings, ssl_ctx_st* tls = nullptr);
  ~login_acceptor();

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  // Ends the server. The logins so far, in the order in which they ended.
  const std::vector<login_result>& stop();

 private:
  boost::asio::awaitable<void> accept_clients();
  boost::asio::awaitable<void> serve(int descriptor);

  config::user_settings stand_in_;
  auth::verifier_cache keys_;
  boost::asio::thread_pool crypto_{1};
  login_environment environment_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<login_result> results_;  // the thread's, until stop()
  std::thread thread_;
};

}  // namespace pgweir::login
