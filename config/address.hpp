// config/address.hpp - where to listen: "host:port", "[::1]:port", or the "/directory" of a Unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::config {

struct address {
  std::string directory;  // of a Unix socket; empty: TCP
  std::string host;       // a name or an IP address, without brackets
  std::uint16_t port = 0;

  bool is_unix() const { return !directory.empty(); }
  bool operator==(const address&) const = default;
};

struct parsed_address {
  address value;
  std::string error;   // what is wrong with it, to follow the name of the key; empty: nothing
  std::string advice;  // what to do then
};

parsed_address parse_address(std::string_view text);

// The socket's path as libpq expects it: <directory>/.s.PGSQL.<port>
std::string unix_socket_path(std::string_view directory, int port);

}  // namespace pgweir::config
