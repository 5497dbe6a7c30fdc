// pool/io/transport.hpp - one non-blocking byte stream, plain or TLS, towards a client or a server.
//
// Owns the descriptor and, towards clients, the TLS session. Towards servers libpq owns both: see
// transport::borrow. Never waits: an operation that cannot go on says which readiness it needs. Thread rule:
// one thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace pgweir::io {

enum class io_status {
  ok,          // `bytes` were moved; it may be fewer than asked for
  want_read,   // nothing moved: wait until readable
  want_write,  // nothing moved: wait until writable
  closed,      // the peer closed its side in order
  broken       // connection reset, TLS failure, ...: error() says which
};

struct io_result {
  io_status status;
  std::size_t bytes = 0;
  // Of a plain read: nothing more had arrived. Of TLS it is never said: bytes may wait inside the session, of
  // which the readiness of the descriptor tells nothing (supavisor#993), so read until want_read.
  bool drained = false;
};

class transport {
 public:
  transport() = default;
  // Takes over a non-blocking, connected descriptor.
  static transport own(int descriptor);
  // The descriptor (and TLS session, or null) stay the property of libpq's PGconn, which must outlive the
  // transport.
  static transport borrow(int descriptor, ssl_st* tls);

  transport(transport&& other) noexcept;
  transport& operator=(transport&& other) noexcept;
  ~transport();

  // Starts TLS as the server side over an owned descriptor; then call handshake() until it says ok.
  // Precondition: no byte of the peer's TLS hello was read already.
  bool start_tls(ssl_ctx_st* context);
  io_result handshake();

  io_result read(std::span<std::byte> into);
  io_result write(std::span<const std::byte> from);
  // Whether bytes have arrived on the descriptor that nobody has read yet; of TLS: encrypted ones.
  bool has_unread() const;

  bool is_tls() const { return tls_ != nullptr; }
  ssl_st* tls() const { return tls_; }
  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  bool is_owned() const { return owned_; }

  // Sends TLS close_notify if it can be sent at once, then closes (owned) or forgets (borrowed) the
  // descriptor.
  void close();

  // What made the last operation `broken`, for a log line.
  std::string error() const;

 private:
  io_result tls_result(int outcome);

  int descriptor_ = -1;
  ssl_st* tls_ = nullptr;
  bool owned_ = false;
  int errno_ = 0;
  unsigned long tls_error_ = 0;
};

}  // namespace pgweir::io
