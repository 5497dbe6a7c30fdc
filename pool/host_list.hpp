// pool/host_list.hpp - libpq's parallel lists host, hostaddr and port.
//
// libpq 15 would block the loop in getaddrinfo, so names are resolved beforehand: each name is repeated for
// each of its addresses (the name still counts for TLS verification, pgpass and Kerberos), with its port.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::pool {

struct server_host {
  std::string name;     // may be empty (libpq's default), a Unix socket directory, an address or a name
  std::string address;  // hostaddr
  std::string port;     // empty: libpq's default
};

// The hosts in the order of the lists. A single port counts for all hosts. Empty if the lists do not match in
// length: then libpq shall say so itself.
std::vector<server_host> split_hosts(std::string_view host, std::string_view hostaddr, std::string_view port);

// A name that libpq would ask the resolver for.
bool needs_resolving(const server_host& one);

struct host_lists {
  std::string host, hostaddr, port;
};
host_lists join_hosts(const std::vector<server_host>& hosts);

}  // namespace pgweir::pool
