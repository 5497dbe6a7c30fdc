#include "proxy/login/client_login.hpp"

#include "proxy/login/login_attempt.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <string>

namespace pgweir::login {

namespace asio = boost::asio;

asio::awaitable<login_result> client_login(int descriptor, bool unix_socket,
                                           const login_environment& environment) {
  const auto executor = co_await asio::this_coro::executor;
  login_attempt attempt(executor, descriptor, unix_socket, environment);
  std::string failure;
  try {
    co_await attempt.run();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) attempt.fail(failure);
  co_return attempt.take_result();
}

}  // namespace pgweir::login
