// tests/metrics/http_client.hpp - the simplest HTTP client over a real socket: it shows exactly what was sent
// back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::metrics::test {

class http_client {
 public:
  explicit http_client(std::uint16_t port);

  void send(std::string_view bytes);
  // One whole answer, by its Content-Length; with `head`, the header alone. What follows stays for the next
  // call.
  std::string read_answer(bool head = false);
  // Everything until the server closes.
  std::string read_to_end();

 private:
  bool read_more();

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  std::string received_;
};

// "GET /path HTTP/1.1" that asks the server to close; the whole answer.
std::string get(std::uint16_t port, std::string_view target, std::string_view method = "GET");

}  // namespace pgweir::metrics::test
