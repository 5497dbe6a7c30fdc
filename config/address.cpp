#include "config/address.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

namespace pgweir::config {

namespace {

parsed_address failed(std::string error, std::string advice) {
  return {{}, std::move(error), std::move(advice)};
}

parsed_address parse_directory(std::string_view text) {
  std::string directory = std::filesystem::path{text}.lexically_normal().string();
  if (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return {{.directory = std::move(directory), .host = {}, .port = 0}, {}, {}};
}

}  // namespace

parsed_address parse_address(std::string_view text) {
  if (text.starts_with('/')) return parse_directory(text);
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || text.ends_with(']')) {
    return failed("has no port",
                  "write host:port, as in \"127.0.0.1:6432\", or the /directory of a Unix socket");
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return failed("is an IPv6 address without brackets", "write it as in \"[::1]:6432\"");
  }
  if (host.empty() || host == "*") {
    return failed("names no host",
                  "write \"0.0.0.0:port\" for all of IPv4, or \"[::]:port\" for all addresses");
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0) {
    return failed("has a port that is no number from 1 to 65535",
                  "write host:port, as in \"127.0.0.1:6432\"");
  }
  return {{.directory = {}, .host = std::string{host}, .port = port}, {}, {}};
}

std::string unix_socket_path(std::string_view directory, int port) {
  return fmt::format("{}/.s.PGSQL.{}", directory, port);
}

}  // namespace pgweir::config
