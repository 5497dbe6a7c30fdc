#include "config/accounts.hpp"

#include "config/conninfo.hpp"
#include "config/pool_keys.hpp"
#include "config/secret.hpp"

#include <fmt/format.h>

namespace pgweir::config {

namespace {

constexpr choice<auth_method> auth_methods[]{{"trust", auth_method::trust},
                                             {"password", auth_method::password},
                                             {"md5", auth_method::md5},
                                             {"scram-sha-256", auth_method::scram_sha_256}};

}  // namespace

database_settings read_database(table_reader from, report& findings) {
  database_settings to;
  const std::optional<std::string> server = from.text("server");
  to.clients = from.count("clients", {.least = 1});
  to.pool = read_pool_keys(from);
  from.finish();
  if (!server) {
    if (from.exists() && !from.written("server")) {
      findings.add_problem(from.line_of("server"), fmt::format("{} names no server", from.path()),
                           "add one, as in: server = \"host=10.0.0.5 port=5432\"");
    }
    return to;
  }
  to.server = *server;
  const std::string error = conninfo_error(to.server);
  if (!error.empty()) {
    findings.add_problem(from.line_of("server"), fmt::format("{}: {}", from.path_of("server"), error),
                         "write a libpq connection string, as in \"host=10.0.0.5 port=5432\"");
  }
  return to;
}

user_settings read_user(table_reader from, const std::filesystem::path& directory, report& findings) {
  user_settings to;
  to.secret = read_secret(from, directory, findings);
  const bool hashed = kind_of_secret(to.secret) == secret_kind::md5;
  to.auth =
      from.one_of("auth", auth_methods).value_or(hashed ? auth_method::md5 : auth_method::scram_sha_256);
  to.clients = from.count("clients", {.least = 1});
  to.pool = read_pool_keys(from);
  from.finish();
  return to;
}

}  // namespace pgweir::config
