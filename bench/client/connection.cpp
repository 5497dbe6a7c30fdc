#include "bench/client/connection.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace pgweir::bench {
namespace {

constexpr std::size_t receive_size = 1u << 20;
constexpr std::size_t copy_chunk = 64u << 10;  // data of one CopyData message

std::string int32(std::uint32_t value) {
  const std::uint32_t network = htonl(value);
  return {reinterpret_cast<const char*>(&network), sizeof network};
}

std::uint32_t read_int32(const char* at) {
  std::uint32_t network = 0;
  std::memcpy(&network, at, sizeof network);
  return ntohl(network);
}

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

// Field M of an ErrorResponse: the text for people.
std::string error_text(std::string_view body) {
  while (body.size() > 1) {
    const char field = body.front();
    const std::size_t end = std::min(body.find('\0', 1), body.size() - 1);
    if (field == 'M') return std::string(body.substr(1, end - 1));
    body.remove_prefix(end + 1);
  }
  return "error without a message";
}

}  // namespace

connection::connection(const std::string& host, std::uint16_t port, const std::string& user,
                       const std::string& database)
    : buffer_(receive_size) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (socket_ < 0) fail_with_errno("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + host);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail_with_errno("connect");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  std::string startup = int32(196608);  // protocol 3.0
  for (const std::string& word : {std::string("user"), user, std::string("database"), database}) {
    startup.append(word).push_back('\0');
  }
  startup.push_back('\0');
  send_all(int32(static_cast<std::uint32_t>(startup.size() + 4)) + startup);
  read_until('Z');
}

connection::~connection() {
  if (socket_ >= 0) ::close(socket_);
}

void connection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail_with_errno("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void connection::send_message(char type, std::string_view body) {
  std::string message(1, type);
  message.append(int32(static_cast<std::uint32_t>(body.size() + 4))).append(body);
  send_all(message);
}

void connection::receive() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  const ssize_t got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
  if (got < 0) fail_with_errno("recv");
  if (got == 0) throw std::runtime_error("the server closed the connection");
  end_ += static_cast<std::size_t>(got);
}

std::uint64_t connection::read_until(char until) {
  std::uint64_t total = 0;
  while (true) {
    while (end_ - begin_ < 5) receive();
    const char type = buffer_[begin_];
    std::size_t rest = read_int32(&buffer_[begin_ + 1]) - 4u;
    begin_ += 5;
    total += rest + 5;
    if (type == 'E') {
      while (end_ - begin_ < rest) receive();
      throw std::runtime_error(error_text({&buffer_[begin_], rest}));
    }
    if (type == 'R' && rest > 4)
      throw std::runtime_error("the server asks for a password; this client has none");
    while (rest > end_ - begin_) {
      rest -= end_ - begin_;
      begin_ = end_ = 0;
      receive();
    }
    begin_ += rest;
    if (type == until) return total;
  }
}

std::uint64_t connection::query(std::string_view sql) {
  send_message('Q', std::string(sql) + '\0');
  return read_until('Z');
}

std::uint64_t connection::copy_in(std::string_view sql, std::string_view line, std::uint64_t bytes) {
  send_message('Q', std::string(sql) + '\0');
  read_until('G');
  std::string data;
  while (data.size() < copy_chunk) data.append(line);
  std::string message(1, 'd');
  message.append(int32(static_cast<std::uint32_t>(data.size() + 4))).append(data);
  std::string batch;
  while (batch.size() < receive_size) batch.append(message);
  std::uint64_t sent = 0;
  while (sent < bytes) {
    send_all(batch);
    sent += batch.size();
  }
  send_message('c', {});
  read_until('Z');
  return sent;
}

}  // namespace pgweir::bench
