#include "proxy/listener.hpp"

#include "metrics/log.hpp"
#include "proxy/log_failure.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace pgweir::proxy {
namespace asio = boost::asio;

namespace {

// Connections taken before others of the worker get their turn.
constexpr int most_at_once = 64;

}  // namespace

struct listener::impl {
  impl(asio::io_context& context, listening_socket bound, connection_taker& to)
      : socket(std::move(bound)), readiness(context, socket.descriptor()), pause(context), taker(to) {}
  ~impl() { readiness.release(); }

  listening_socket socket;
  asio::posix::stream_descriptor readiness;  // watches the socket's descriptor, which stays the socket's
  asio::steady_timer pause;
  connection_taker& taker;
  bool stopped = false;

  static asio::awaitable<void> run(std::shared_ptr<impl> self);

  // False: out of descriptors or memory; the connection waits in the kernel's queue.
  bool accept_some() {
    for (int i = 0; i < most_at_once; ++i) {
      const int taken = ::accept4(socket.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (taken >= 0) {
        taker.on_connection(taken, socket.is_unix());
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      metrics::log::event(config::log_level::error, "cannot accept a client, will try again in 100 ms",
                          {{"address", socket.address()},
                           {"error", std::strerror(errno)},
                           {"hint", "raise the limit of open files (ulimit -n), or lower limits.clients"}});
      return false;
    }
    return true;
  }
};

asio::awaitable<void> listener::impl::run(std::shared_ptr<impl> self) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (!self->stopped) {
    const auto [failed] = co_await self->readiness.async_wait(asio::posix::descriptor_base::wait_read, token);
    if (failed || self->stopped) co_return;
    if (self->accept_some()) continue;
    self->pause.expires_after(std::chrono::milliseconds{100});
    const auto [cancelled] = co_await self->pause.async_wait(token);
    if (cancelled) co_return;
  }
}

listener::listener(asio::io_context& context, listening_socket socket, connection_taker& taker)
    : impl_(std::make_shared<impl>(context, std::move(socket), taker)) {
  asio::co_spawn(context, impl::run(impl_), log_failure{"the listener stopped"});
}

listener::listener(listener&&) noexcept = default;

listener::~listener() {
  if (impl_ == nullptr) return;
  impl_->stopped = true;
  boost::system::error_code ignored;
  impl_->readiness.cancel(ignored);
  impl_->pause.cancel();
}

}  // namespace pgweir::proxy
