// proxy/listener.hpp - listening sockets, and what accepts from them on one worker.
//
// Each worker has a TCP socket of its own for each address (SO_REUSEPORT: the kernel spreads the clients); a
// Unix socket is one for the process, and the workers accept from duplicates of it.
#pragma once

#include "config/config.hpp"
#include "pool/io/loop.hpp"

#include <string>
#include <sys/socket.h>

namespace pgweir::proxy {

// A bound, listening, non-blocking descriptor. Closes it; removes a Unix socket's file.
class listening_socket {
 public:
  // Throws std::runtime_error that names the address and what to do.
  static listening_socket open(const std::string& address, const config::listen_settings& settings);

  listening_socket(listening_socket&& other) noexcept;
  listening_socket& operator=(listening_socket&&) = delete;
  ~listening_socket();

  // For another worker: a Unix socket is shared, a TCP address is bound once more.
  listening_socket for_another_worker(const config::listen_settings& settings) const;

  int descriptor() const { return descriptor_; }
  bool is_unix() const { return !path_.empty(); }
  const std::string& address() const { return address_; }

 private:
  listening_socket() = default;

  int descriptor_ = -1;
  std::string address_;
  std::string path_;  // of a Unix socket
  bool owns_path_ = false;
};

// Takes what a listener accepts: a connected, non-blocking descriptor, from then on the taker's.
class connection_taker {
 public:
  virtual void on_connection(int descriptor, const sockaddr_storage& from) = 0;

 protected:
  ~connection_taker() = default;
};

class listener final : private io::pollable, private io::timeout {
 public:
  // Accepts until destroyed. `owner` and `taker` outlive it. Throws if the system refuses to watch the
  // socket.
  listener(io::loop& owner, listening_socket socket, connection_taker& taker);
  ~listener() override;

 private:
  void on_ready(io::readiness) override { accept_all(); }
  void on_turn_end() override { accept_all(); }
  void on_timeout() override { accept_all(); }
  void accept_all();
  void pause_accepting(const char* error);

  io::loop& loop_;
  listening_socket socket_;
  connection_taker& taker_;
};

}  // namespace pgweir::proxy
