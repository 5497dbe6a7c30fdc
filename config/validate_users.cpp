#include "config/secret.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::config {

namespace {

struct named_user {
  const std::string& name;
  const user_settings& settings;
  std::string path;  // users.NAME
  std::size_t line;  // of auth, else of the table
};

bool names_a_secret(const std::string& path, const key_lines& lines) {
  return lines.written(path + ".password") || lines.written(path + ".password_file") ||
         lines.written(path + ".password_env");
}

void validate_missing_secret(const named_user& user, const key_lines& lines, report& findings) {
  if (user.settings.auth == auth_method::trust || names_a_secret(user.path, lines)) return;
  findings.add_problem(user.line, fmt::format("{} has no password", user.path),
                       "add password, password_file or password_env, or set auth = \"trust\"");
}

void validate_secret_fits(const named_user& user, secret_kind kind, report& findings) {
  const auth_method auth = user.settings.auth;
  if (auth == auth_method::scram_sha_256 && kind == secret_kind::md5) {
    findings.add_problem(user.line, fmt::format("{}: SCRAM cannot be done with an MD5 hash", user.path),
                         "give the password or a SCRAM-SHA-256 verifier, or set auth = \"md5\"");
  }
  if (auth == auth_method::md5 && kind == secret_kind::scram) {
    findings.add_problem(user.line, fmt::format("{}: MD5 cannot be done with a SCRAM verifier", user.path),
                         "set auth = \"scram-sha-256\"");
  }
  if (kind == secret_kind::plain && user.settings.secret.starts_with("SCRAM-SHA-256$")) {
    findings.add_problem(
        user.line, fmt::format("{}: its secret starts like a SCRAM verifier and is none", user.path),
        "copy rolpassword of pg_authid whole: SCRAM-SHA-256$<iterations>:<salt>$<key>:<key>");
  }
  if (kind == secret_kind::md5 && user.name == "*") {
    findings.add_problem(user.line, fmt::format("{}: an MD5 hash holds for one user name only", user.path),
                         "give the password, or a table to each user");
  }
}

bool only_unix(const listen_settings& listen) {
  return std::ranges::all_of(listen.addresses, [](const std::string& one) { return one.starts_with('/'); });
}

void warn_of_refused_password(const named_user& user, const config& all, report& findings) {
  if (user.settings.auth != auth_method::password || all.listen.password_without_tls) return;
  if (all.listen.tls.mode != tls_mode::off || only_unix(all.listen)) return;
  findings.add_warning(
      user.line,
      fmt::format("{} logs in with a clear password, which is refused on TCP without TLS", user.path),
      "set up [listen.tls], choose auth = \"scram-sha-256\", or set listen.password_without_tls = true");
}

}  // namespace

void validate_users(const config& all, const key_lines& lines, report& findings) {
  if (all.users.empty() && !lines.written("users")) {
    findings.add_warning(0, "no user is configured, so every login will be refused",
                         "add [users.NAME], or [users.\"*\"] for any name");
  }
  for (const auto& [name, settings] : all.users) {
    const std::string path = join_path("users", name);
    const std::string auth = join_path(path, "auth");
    const named_user user{name, settings, path, lines.line_of(lines.written(auth) ? auth : path)};
    validate_missing_secret(user, lines, findings);
    validate_secret_fits(user, kind_of_secret(settings.secret), findings);
    warn_of_refused_password(user, all, findings);
  }
}

}  // namespace pgweir::config
