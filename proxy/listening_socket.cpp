#include "proxy/listener.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace pgweir::proxy {
namespace {

[[noreturn]] void fail(const std::string& address, const std::string& what, const std::string& hint) {
  throw std::runtime_error("cannot listen on \"" + address + "\": " + what + "; " + hint);
}

int open_socket(int family, const std::string& address) {
  const int made = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) fail(address, std::strerror(errno), "see the system's limits");
  return made;
}

// Several sockets of one user may share an address with SO_REUSEPORT: within this process that is meant, but
// a second pgweir would silently take some of the clients. A socket without it is refused where any other is
// bound.
bool is_free(const addrinfo& at, const std::string& address) {
  const int probe = open_socket(at.ai_family, address);
  const int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = ::bind(probe, at.ai_addr, at.ai_addrlen) == 0;
  const int error = errno;
  ::close(probe);
  errno = error;
  return bound;
}

int bind_tcp(const std::string& address, int backlog, bool first_of_process) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.empty() || host == "*" ? nullptr : host.c_str(),
                                   address.substr(colon + 1).c_str(), &hints, &found);
  if (failed != 0)
    fail(address, ::gai_strerror(failed), "give an IP address and a port, such as 127.0.0.1:6432");
  const int made = open_socket(found->ai_family, address);
  const int on = 1;
  ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  // Accepted sockets inherit these. A PostgreSQL client speaks first: the connection is shown once it did.
  const int seconds_to_speak = 45;
  ::setsockopt(made, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(made, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds_to_speak, sizeof seconds_to_speak);
  const bool bound = (!first_of_process || is_free(*found, address)) &&
                     ::bind(made, found->ai_addr, found->ai_addrlen) == 0 && ::listen(made, backlog) == 0;
  const int error = errno;
  ::freeaddrinfo(found);
  if (bound) return made;
  ::close(made);
  fail(address, std::strerror(error),
       error == EADDRNOTAVAIL ? "this machine has no such address; 0.0.0.0 and [::] stand for all that it has"
                              : "is another program, or another pgweir, using it?");
}

bool is_answered(const sockaddr_un& at) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered = ::connect(probe, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  ::close(probe);
  return answered;
}

int bind_unix(const std::string& path, int backlog) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) fail(path, "the path is too long", "choose a shorter directory");
  std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
  if (is_answered(at)) fail(path, "the socket is in use", "stop the program that listens there");
  ::unlink(path.c_str());
  const int made = open_socket(AF_UNIX, path);
  if (::bind(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(made, backlog) != 0) {
    const int error = errno;
    ::close(made);
    fail(path, std::strerror(error), "does the directory exist, and may pgweir write to it?");
  }
  ::chmod(path.c_str(), 0777);  // who may log in is the users' table's to say, as in PostgreSQL
  return made;
}

}  // namespace

listening_socket listening_socket::open(const std::string& address, const config::listen_settings& settings) {
  listening_socket made;
  made.address_ = address;
  if (address.starts_with('/')) {
    made.path_ = address + "/.s.PGSQL." + std::to_string(settings.unix_port);
    made.descriptor_ = bind_unix(made.path_, settings.backlog);
    made.owns_path_ = true;
  } else {
    made.descriptor_ = bind_tcp(address, settings.backlog, true);
  }
  return made;
}

listening_socket listening_socket::for_another_worker(const config::listen_settings& settings) const {
  listening_socket made;
  made.address_ = address_;
  made.path_ = path_;
  if (!is_unix()) {
    made.descriptor_ = bind_tcp(address_, settings.backlog, false);
    return made;
  }
  made.descriptor_ = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (made.descriptor_ < 0) fail(address_, std::strerror(errno), "see the system's limits");
  return made;
}

listening_socket::listening_socket(listening_socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::move(other.address_)),
      path_(std::move(other.path_)),
      owns_path_(std::exchange(other.owns_path_, false)) {}

listening_socket::~listening_socket() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (owns_path_) ::unlink(path_.c_str());
}

}  // namespace pgweir::proxy
