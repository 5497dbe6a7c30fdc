#include "proxy/listener.hpp"

#include "metrics/log.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <system_error>

namespace pgweir::proxy {
namespace {

// Connections taken before others of the worker get their turn.
constexpr int most_at_once = 64;
constexpr std::chrono::milliseconds pause_length{100};

}  // namespace

listener::listener(io::loop& owner, listening_socket socket, connection_taker& taker)
    : loop_(owner), socket_(std::move(socket)), taker_(taker) {
  if (!loop_.poll.add(socket_.descriptor(), *this))
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

listener::~listener() { loop_.poll.remove(socket_.descriptor(), *this); }

void listener::accept_all() {
  for (int i = 0; i < most_at_once; ++i) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const int taken = ::accept4(socket_.descriptor(), reinterpret_cast<sockaddr*>(&from), &length,
                                SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (taken >= 0) {
      taker_.on_connection(taken, from);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) pause_accepting(std::strerror(errno));
    return;
  }
  loop_.poll.at_turn_end(*this);
}

// Out of descriptors or memory: the clients wait in the kernel's queue meanwhile.
void listener::pause_accepting(const char* error) {
  metrics::log::event(config::log_level::error, "cannot accept a client, will try again in 100 ms",
                      {{"address", socket_.address()},
                       {"error", error},
                       {"hint", "raise the limit of open files (ulimit -n), or lower limits.clients"}});
  loop_.timer.arm(*this, io::clock::now() + pause_length);
}

}  // namespace pgweir::proxy
