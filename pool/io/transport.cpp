#include "pool/io/transport.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace pgweir::io {

transport transport::own(int descriptor) {
  transport made;
  made.descriptor_ = descriptor;
  made.owned_ = true;
  return made;
}

transport transport::borrow(int descriptor, ssl_st* tls) {
  transport made;
  made.descriptor_ = descriptor;
  made.tls_ = tls;
  // libpq retries writes from one buffer; connections write what there is and move it meanwhile.
  if (tls != nullptr) {
    SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_read_ahead(tls, 1);
  }
  return made;
}

transport::transport(transport&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::exchange(other.tls_, nullptr)),
      owned_(std::exchange(other.owned_, false)),
      errno_(other.errno_),
      tls_error_(other.tls_error_) {}

transport& transport::operator=(transport&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  tls_ = std::exchange(other.tls_, nullptr);
  owned_ = std::exchange(other.owned_, false);
  errno_ = other.errno_;
  tls_error_ = other.tls_error_;
  return *this;
}

transport::~transport() { close(); }

bool transport::start_tls(ssl_ctx_st* context) {
  tls_ = SSL_new(context);
  if (tls_ == nullptr || SSL_set_fd(tls_, descriptor_) != 1) {
    tls_error_ = ERR_get_error();
    return false;
  }
  SSL_set_read_ahead(tls_, 1);
  SSL_set_accept_state(tls_);
  return true;
}

io_result transport::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(tls_);
  if (outcome == 1) return {io_status::ok};
  return tls_result(outcome);
}

io_result transport::read(std::span<std::byte> into) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    std::size_t moved = 0;
    const int outcome = SSL_read_ex(tls_, into.data(), into.size(), &moved);
    if (outcome == 1) return {io_status::ok, moved};
    return tls_result(outcome);
  }
  for (;;) {
    const auto moved = ::recv(descriptor_, into.data(), into.size(), 0);
    if (moved > 0) {
      const auto bytes = static_cast<std::size_t>(moved);
      return {io_status::ok, bytes, bytes < into.size()};
    }
    if (moved == 0) return {io_status::closed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {io_status::want_read};
    errno_ = errno;
    return {io_status::broken};
  }
}

io_result transport::write(std::span<const std::byte> from) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    std::size_t moved = 0;
    const int outcome = SSL_write_ex(tls_, from.data(), from.size(), &moved);
    if (outcome == 1) return {io_status::ok, moved};
    return tls_result(outcome);
  }
  for (;;) {
    const auto moved = ::send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL);
    if (moved >= 0) return {io_status::ok, static_cast<std::size_t>(moved)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {io_status::want_write};
    errno_ = errno;
    return {io_status::broken};
  }
}

bool transport::has_unread() const {
  char first = 0;
  return ::recv(descriptor_, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

io_result transport::tls_result(int outcome) {
  const int system_error = errno;
  switch (SSL_get_error(tls_, outcome)) {
    case SSL_ERROR_WANT_READ:
      return {io_status::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {io_status::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {io_status::closed};
    case SSL_ERROR_SYSCALL:
      errno_ = system_error;
      return {io_status::broken};
    default:
      tls_error_ = ERR_get_error();
      return {io_status::broken};
  }
}

void transport::close() {
  if (descriptor_ < 0) return;
  if (owned_) {
    if (tls_ != nullptr) {
      if (SSL_is_init_finished(tls_) == 1 && errno_ == 0 && tls_error_ == 0) SSL_shutdown(tls_);
      SSL_free(tls_);
    }
    ::close(descriptor_);
  }
  ERR_clear_error();
  descriptor_ = -1;
  tls_ = nullptr;
  owned_ = false;
}

std::string transport::error() const {
  if (tls_error_ != 0) {
    char text[256];
    ERR_error_string_n(tls_error_, text, sizeof text);
    return text;
  }
  if (errno_ != 0) return std::strerror(errno_);
  return "unexpected end of the connection";
}

}  // namespace pgweir::io
