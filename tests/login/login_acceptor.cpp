#include "tests/login/login_acceptor.hpp"

#include "proxy/auth/messages.hpp"
#include "proxy/auth/stand_in.hpp"
#include "proxy/wire/writer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <utility>

namespace pgweir::login {

namespace asio = boost::asio;

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

std::string welcome() {
  auto bytes = auth::authentication_ok();
  wire::writer(bytes).begin('S').c_string("server_version").c_string("15.0").end();
  wire::writer(bytes).begin('K').u32(4711).u32(1234).end();
  wire::writer(bytes).begin('Z').raw(std::string_view("I")).end();
  return bytes;
}

}  // namespace

login_acceptor::login_acceptor(const config::config& settings, ssl_ctx_st* tls)
    : stand_in_(auth::stand_in_for_unknown(settings)),
      environment_{settings, stand_in_, keys_, crypto_, tls},
      acceptor_(context_, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
  asio::co_spawn(context_, accept_clients(), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

login_acceptor::~login_acceptor() { stop(); }

const std::vector<login_result>& login_acceptor::stop() {
  if (thread_.joinable()) {
    context_.stop();
    thread_.join();
    crypto_.join();
  }
  return results_;
}

asio::awaitable<void> login_acceptor::accept_clients() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(use_tuple);
    if (error) co_return;
    const int descriptor = socket.release();
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    asio::co_spawn(context_, serve(descriptor), asio::detached);
  }
}

asio::awaitable<void> login_acceptor::serve(int descriptor) {
  auto result = co_await client_login(descriptor, false, environment_);
  if (result.outcome == login_outcome::authenticated) result.transport.write(wire::as_bytes(welcome()));
  if (result.outcome == login_outcome::cancel_requested) result.transport.close();
  results_.push_back(std::move(result));
}

}  // namespace pgweir::login
