#include "metrics/http_connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <utility>

namespace pgweir::metrics {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_bytes = 4096;
constexpr std::chrono::milliseconds linger_time{1'000};
constexpr std::size_t linger_bytes = 1 << 20;

http::response<http::string_body> make_response(http_reply&& content, unsigned version, bool keep_alive) {
  http::response<http::string_body> made{http::int_to_status(content.status), version};
  made.set(http::field::content_type, content.content_type);
  made.set(http::field::cache_control, "no-store");
  if (!content.allow.empty()) made.set(http::field::allow, content.allow);
  made.keep_alive(keep_alive);
  made.body() = std::move(content.body);
  made.prepare_payload();
  return made;
}

// The answer to a request that could not be read; none when the peer has gone or was too slow.
std::optional<http_reply> complaint_about(beast::error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return http_reply{431, "text/plain", "the request's header is too large\n", {}};
  if (error == http::error::body_limit)
    return http_reply{413, "text/plain", "the request's body is too large\n", {}};
  const bool is_syntax = error.category() == beast::error_code(http::error::bad_method).category();
  if (is_syntax && error != http::error::end_of_stream && error != http::error::partial_message)
    return http_reply{400, "text/plain", "this is not a valid HTTP request: " + error.message() + '\n', {}};
  return {};
}

}  // namespace

http_connection::http_connection(asio::ip::tcp::socket socket, const http_handlers& handlers,
                                 const http_limits& limits)
    : stream_(std::move(socket)),
      buffer_(2 * limits.request_bytes + read_bytes),
      handlers_(handlers),
      limits_(limits) {}

void http_connection::close() { stream_.close(); }

asio::awaitable<void> http_connection::serve() {
  after next = co_await serve_one(limits_.request);
  while (next == after::keep) next = co_await serve_one(limits_.idle);
  co_await linger();
  close();
}

asio::awaitable<bool> http_connection::first_bytes(std::chrono::milliseconds patience) {
  if (buffer_.size() != 0) co_return true;
  idle_ = true;
  beast::error_code error;
  stream_.expires_after(patience);
  const auto space = buffer_.prepare(read_bytes);
  const std::size_t received =
      co_await stream_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
  idle_ = false;
  buffer_.commit(received);
  co_return !error;
}

asio::awaitable<http_connection::after> http_connection::serve_one(std::chrono::milliseconds patience) {
  const bool begun = co_await first_bytes(patience);
  if (!begun) co_return after::close;

  request parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.request_bytes));
  parser.body_limit(limits_.request_bytes);
  beast::error_code error;
  // One deadline for the whole request: a client that sends a byte now and then gains nothing.
  stream_.expires_after(limits_.request);
  co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    std::optional<http_reply> complaint = complaint_about(error);
    if (!complaint) co_return after::close;
    response refusal = make_response(std::move(*complaint), 11, false);
    const after next = co_await send(refusal, false);
    co_return next;
  }
  response reply = reply_to(parser);
  const bool head = parser.get().method() == http::verb::head;
  const after next = co_await send(reply, head);
  co_return next;
}

http_connection::response http_connection::reply_to(const request& parsed) const {
  const auto& message = parsed.get();
  http_reply content = answer(handlers_, message.method_string(), message.target());
  return make_response(std::move(content), message.version(), message.keep_alive());
}

// For HEAD only the header is sent; it tells the length that the body would have (RFC 9110, section 9.3.2).
asio::awaitable<http_connection::after> http_connection::send(response& reply, bool head) {
  beast::error_code error;
  stream_.expires_after(limits_.request);
  http::response_serializer<http::string_body> serializer(reply);
  if (head)
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  else
    co_await http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  co_return !error && reply.keep_alive() ? after::keep : after::close;
}

// Closing a socket with unread bytes sends a reset, which may overtake the answer. So the sending side is
// ended first, and for a moment what still comes is thrown away.
asio::awaitable<void> http_connection::linger() {
  beast::error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(linger_time);
  std::size_t discarded = 0;
  buffer_.clear();
  while (!error && discarded < linger_bytes) {
    const auto space = buffer_.prepare(read_bytes);
    const std::size_t received =
        co_await stream_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
    discarded += received;
  }
}

}  // namespace pgweir::metrics
