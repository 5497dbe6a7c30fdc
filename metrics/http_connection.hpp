// metrics/http_connection.hpp - one connection to the metrics endpoint: request after request until either
// side ends.
#pragma once

#include "metrics/http_routes.hpp"
#include "metrics/http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace pgweir::metrics {

class http_connection {
 public:
  // `handlers` must outlive the connection.
  http_connection(boost::asio::ip::tcp::socket socket, const http_handlers& handlers,
                  const http_limits& limits);

  // Runs until the connection is closed. The connection must outlive the coroutine.
  boost::asio::awaitable<void> serve();

  // Waits for a request, so that closing it costs nobody an answer.
  bool idle() const { return idle_; }
  void close();

 private:
  using request = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using response = boost::beast::http::response<boost::beast::http::string_body>;
  enum class after { keep, close };

  boost::asio::awaitable<after> serve_one(std::chrono::milliseconds patience);
  boost::asio::awaitable<bool> first_bytes(std::chrono::milliseconds patience);
  boost::asio::awaitable<after> send(response& reply, bool head);
  boost::asio::awaitable<void> linger();
  response reply_to(const request& parsed) const;

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  const http_handlers& handlers_;
  const http_limits limits_;
  bool idle_ = true;
};

}  // namespace pgweir::metrics
