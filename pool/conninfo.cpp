#include "pool/conninfo.hpp"

#include "pool/server_login.hpp"
#include "pool/startup_options.hpp"

namespace pgweir::pool {
namespace {

std::string value_of(const conninfo_values& values, const std::string& keyword) {
  const auto found = values.find(keyword);
  return found == values.end() ? std::string{} : found->second;
}

}  // namespace

conninfo_values complete(conninfo_values from_operator, const login_request& request) {
  auto values = std::move(from_operator);
  const bool own_user = values.contains("user");
  values.try_emplace("dbname", request.database);
  values.try_emplace("user", request.user);
  // A password belongs to its user: the client's is nothing for the operator's user.
  if (!own_user && !request.password.empty()) values.try_emplace("password", request.password);
  if (!request.application_name.empty())
    values.insert_or_assign("application_name", request.application_name);
  if (!request.startup->replication.empty())
    values.insert_or_assign("replication", request.startup->replication);
  auto options = merge_options(value_of(values, "options"), *request.startup);
  if (!options.empty()) values.insert_or_assign("options", std::move(options));
  values.insert_or_assign("gssencmode", "disable");
  return values;
}

std::vector<server_host> hosts_of(const conninfo_values& values) {
  return split_hosts(value_of(values, "host"), value_of(values, "hostaddr"), value_of(values, "port"));
}

void set_hosts(conninfo_values& values, const std::vector<server_host>& hosts) {
  if (hosts.empty()) return;
  const auto joined = join_hosts(hosts);
  const auto put = [&values](const char* keyword, const std::string& list) {
    if (list.empty())
      values.erase(keyword);
    else
      values.insert_or_assign(keyword, list);
  };
  put("host", joined.host);
  put("hostaddr", joined.hostaddr);
  put("port", joined.port);
}

}  // namespace pgweir::pool
