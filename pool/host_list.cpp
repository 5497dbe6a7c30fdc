#include "pool/host_list.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace pgweir::pool {
namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

bool is_ip_address(const std::string& text) {
  unsigned char parsed[sizeof(in6_addr)];
  const auto without_zone = text.substr(0, text.find('%'));
  return inet_pton(AF_INET, text.c_str(), parsed) == 1 ||
         inet_pton(AF_INET6, without_zone.c_str(), parsed) == 1;
}

}  // namespace

std::vector<server_host> split_hosts(std::string_view host, std::string_view hostaddr,
                                     std::string_view port) {
  const auto names = split(host);
  const auto addresses = split(hostaddr);
  const auto ports = split(port);
  const auto count = hostaddr.empty() ? names.size() : addresses.size();
  if (!host.empty() && names.size() != count) return {};
  if (ports.size() != 1 && ports.size() != count) return {};
  std::vector<server_host> hosts(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!host.empty()) hosts[i].name = names[i];
    if (!hostaddr.empty()) hosts[i].address = addresses[i];
    hosts[i].port = ports[ports.size() == 1 ? 0 : i];
  }
  return hosts;
}

bool needs_resolving(const server_host& one) {
  if (!one.address.empty() || one.name.empty()) return false;
  return one.name.front() != '/' && one.name.front() != '@' && !is_ip_address(one.name);
}

host_lists join_hosts(const std::vector<server_host>& hosts) {
  host_lists joined;
  for (const auto& one : hosts) {
    const bool first = &one == &hosts.front();
    for (auto [list, value] :
         {std::pair{&joined.host, &one.name}, {&joined.hostaddr, &one.address}, {&joined.port, &one.port}}) {
      if (!first) *list += ',';
      *list += *value;
    }
  }
  const auto only_commas = [](const std::string& list) {
    return list.find_first_not_of(',') == std::string::npos;
  };
  for (auto* list : {&joined.host, &joined.hostaddr, &joined.port})
    if (only_commas(*list)) list->clear();
  return joined;
}

}  // namespace pgweir::pool
