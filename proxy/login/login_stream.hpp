// proxy/login/login_stream.hpp - the client's connection while it logs in: waits, one deadline, a small input
// buffer.
//
// Reads no more than it is asked for plus one chunk, so what a client declares allocates nothing: only what
// arrives does. Thread rule: lives on one io_context with a single thread. Must outlive the coroutines it
// returns.
#pragma once

#include "pool/io/transport.hpp"
#include "proxy/wire/cursor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pgweir::login {

enum class stream_status { ok, timed_out, closed, broken };

class login_stream {
 public:
  // Takes the non-blocking descriptor over. A limit of zero means none.
  login_stream(const boost::asio::any_io_executor& executor, int descriptor, std::chrono::milliseconds limit);
  ~login_stream();
  login_stream(const login_stream&) = delete;
  login_stream& operator=(const login_stream&) = delete;

  // Reads until at least `n` bytes are buffered.
  boost::asio::awaitable<stream_status> fill(std::size_t n);
  // Sends all of `bytes`, which must stay until it is done.
  boost::asio::awaitable<stream_status> send(std::string_view bytes);
  // REQUIRES: nothing is buffered.
  boost::asio::awaitable<stream_status> accept_tls(ssl_ctx_st* context);

  wire::bytes_view buffered() const { return wire::as_bytes(input_); }
  void consume(std::size_t n) { input_.erase(0, n); }
  std::string take_buffered();

  // The deadline has passed, be it between two operations.
  bool timed_out() const;
  const io::transport& connection() const { return transport_; }

  // Ends the waits and gives the connection away.
  io::transport release();
  // Throws away what the peer still sent, as far as it is here already: else the kernel resets the connection
  // and the peer loses the last message to it.
  void discard_input();

 private:
  struct deadline;

  // `ok`: the operation can be tried again.
  boost::asio::awaitable<stream_status> ready(io::io_status wanted);
  void watch();

  io::transport transport_;
  boost::asio::posix::stream_descriptor descriptor_;  // waits only; released before the transport closes it
  std::shared_ptr<deadline> deadline_;                // shared with the timer's handler, which may run later
  std::string input_;
};

}  // namespace pgweir::login
