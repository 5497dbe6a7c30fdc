#include "metrics/http_server.hpp"

#include "metrics/http_connection.hpp"
#include "metrics/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::metrics {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

struct http_server::state : std::enable_shared_from_this<state> {
  state(asio::io_context& context, http_handlers given, http_limits bounds)
      : io(context), handlers(std::move(given)), limits(bounds), acceptor(context), pause(context) {}

  error_code bind(const tcp::endpoint& endpoint);
  void start();
  void admit(tcp::socket socket);
  bool make_room();
  void close_all();

  static asio::awaitable<void> accept_all(std::shared_ptr<state> self);
  static asio::awaitable<void> serve(std::shared_ptr<state> self,
                                     std::shared_ptr<http_connection> connection);

  asio::io_context& io;
  const http_handlers handlers;
  const http_limits limits;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::vector<std::shared_ptr<http_connection>> connections;  // oldest first
};

namespace {

void log_failure(std::exception_ptr failure) try {
  if (failure) std::rethrow_exception(failure);
} catch (const std::exception& error) {
  log::event(log::level::error, "metrics endpoint failed", {{"error", error.what()}});
}

struct host_and_port {
  std::string host, port;
};

boost::system::result<host_and_port> split(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return make_error_code(boost::system::errc::invalid_argument);
  std::string_view host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host_and_port{std::string(host), std::string(address.substr(colon + 1))};
}

}  // namespace

error_code http_server::state::bind(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

void http_server::state::start() { asio::co_spawn(io, accept_all(shared_from_this()), log_failure); }

asio::awaitable<void> http_server::state::accept_all(std::shared_ptr<state> self) {
  while (self->acceptor.is_open()) {
    error_code error;
    tcp::socket socket(self->io);
    co_await self->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!self->acceptor.is_open()) co_return;
    if (!error) {
      self->admit(std::move(socket));
      continue;
    }
    // Most likely out of descriptors: trying again at once would only burn CPU.
    log::event(log::level::warning, "metrics endpoint cannot accept", {{"error", error.message()}});
    self->pause.expires_after(std::chrono::seconds(1));
    co_await self->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

bool http_server::state::make_room() {
  if (connections.size() < limits.connections) return true;
  const auto idle = std::find_if(connections.begin(), connections.end(),
                                 [](const auto& connection) { return connection->idle(); });
  if (idle == connections.end()) return false;
  (*idle)->close();
  connections.erase(idle);
  return true;
}

void http_server::state::admit(tcp::socket socket) {
  if (!make_room()) {
    log::event(log::level::warning, "metrics connection refused: too many", {{"limit", limits.connections}});
    return;
  }
  auto connection = std::make_shared<http_connection>(std::move(socket), handlers, limits);
  connections.push_back(connection);
  asio::co_spawn(io, serve(shared_from_this(), connection),
                 [self = shared_from_this(), connection](std::exception_ptr failure) {
                   std::erase(self->connections, connection);
                   log_failure(failure);
                 });
}

asio::awaitable<void> http_server::state::serve(std::shared_ptr<state> self,
                                                std::shared_ptr<http_connection> connection) {
  (void)self;  // owns the handlers that the connection refers to
  co_await connection->serve();
}

void http_server::state::close_all() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (const auto& connection : connections) connection->close();
  connections.clear();
}

http_server::http_server(asio::io_context& io, http_handlers handlers, http_limits limits)
    : state_(std::make_shared<state>(io, std::move(handlers), limits)) {}

http_server::~http_server() { stop(); }

boost::system::result<std::uint16_t> http_server::listen(std::string_view address) {
  const auto parts = split(address);
  if (!parts) return parts.error();
  error_code error;
  const auto found =
      tcp::resolver(state_->io).resolve(parts->host, parts->port, tcp::resolver::passive, error);
  if (error) return error;
  error = state_->bind(found.begin()->endpoint());
  if (error) return error;
  const std::uint16_t port = state_->acceptor.local_endpoint().port();
  state_->start();
  return port;
}

void http_server::stop() { state_->close_all(); }

}  // namespace pgweir::metrics
