// bench/client/connection.hpp - a blocking PostgreSQL connection that counts bytes and keeps none.
// It asks for the least work a client can do, so that the proxy and the server are the bottleneck, not the
// client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::bench {

class connection {
 public:
  // Logs in without a password (trust). Throws std::runtime_error with what failed.
  connection(const std::string& host, std::uint16_t port, const std::string& user,
             const std::string& database);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // Runs one simple query and returns the bytes of its answer. Throws on an error of the server.
  std::uint64_t query(std::string_view sql);

  // Runs a COPY FROM STDIN and sends at least `bytes` of data made of `line`; returns the bytes sent.
  std::uint64_t copy_in(std::string_view sql, std::string_view line, std::uint64_t bytes);

 private:
  void send_all(std::string_view bytes);
  void send_message(char type, std::string_view body);
  void receive();  // appends to buffer_, which must not be full
  // Reads messages until one of type `until` and returns their bytes. Bodies are skipped, but an error
  // throws.
  std::uint64_t read_until(char until);

  int socket_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // unread bytes of buffer_: [begin_, end_)
  std::size_t end_ = 0;
};

}  // namespace pgweir::bench
