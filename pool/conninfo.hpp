// pool/conninfo.hpp - the operator's conninfo completed by what the client brings. No libpq here, only its
// keywords.
#pragma once

#include "pool/host_list.hpp"

#include <map>
#include <string>
#include <vector>

namespace pgweir::pool {

struct login_request;

using conninfo_values = std::map<std::string, std::string>;  // by keyword; those that are set

// The client's database, user and password where the operator names none; options, replication and
// application_name.
conninfo_values complete(conninfo_values from_operator, const login_request& request);

std::vector<server_host> hosts_of(const conninfo_values& values);
// No hosts: leaves the values as they are.
void set_hosts(conninfo_values& values, const std::vector<server_host>& hosts);

}  // namespace pgweir::pool
