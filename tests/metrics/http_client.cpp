#include "tests/metrics/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace pgweir::metrics::test {

namespace asio = boost::asio;

http_client::http_client(std::uint16_t port) { socket_.connect({asio::ip::address_v4::loopback(), port}); }

void http_client::send(std::string_view bytes) {
  boost::system::error_code closed_by_peer;
  asio::write(socket_, asio::buffer(bytes), closed_by_peer);
}

bool http_client::read_more() {
  std::array<char, 4096> chunk;
  boost::system::error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(chunk), error);
  received_.append(chunk.data(), size);
  return !error;
}

std::string http_client::read_answer(bool head) {
  std::size_t header_end = std::string::npos;
  while ((header_end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!read_more()) return std::exchange(received_, {});
  std::size_t size = header_end + 4;
  const std::string_view length_field = "Content-Length: ";
  const auto length = received_.find(length_field);
  if (!head && length < header_end) size += std::stoul(received_.substr(length + length_field.size()));
  while (received_.size() < size)
    if (!read_more()) break;
  std::string answer = received_.substr(0, size);
  received_.erase(0, size);
  return answer;
}

std::string http_client::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(received_, {});
}

std::string get(std::uint16_t port, std::string_view target, std::string_view method) {
  http_client client(port);
  client.send(std::string(method) + ' ' + std::string(target) +
              " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  return client.read_to_end();
}

}  // namespace pgweir::metrics::test
