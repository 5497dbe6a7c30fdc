#include "config/secret.hpp"

#include "config/read_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace pgweir::config {

namespace {

bool only_of(std::string_view text, std::string_view alphabet) {
  return !text.empty() && text.find_first_not_of(alphabet) == text.npos;
}

constexpr std::string_view digits = "0123456789";
constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";
constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
constexpr std::size_t md5_length = 3 + 32;
constexpr std::size_t sha256_base64_length = 44;

// SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>, as pg_authid.rolpassword holds it.
bool is_scram_verifier(std::string_view secret) {
  constexpr std::string_view prefix = "SCRAM-SHA-256$";
  if (!secret.starts_with(prefix)) return false;
  secret.remove_prefix(prefix.size());
  const std::size_t colon = secret.find(':');
  const std::size_t dollar = secret.find('$');
  const std::size_t last = secret.rfind(':');
  if (dollar == secret.npos || colon > dollar || last < dollar) return false;
  const std::string_view stored_key = secret.substr(dollar + 1, last - dollar - 1);
  const std::string_view server_key = secret.substr(last + 1);
  return only_of(secret.substr(0, colon), digits) &&
         only_of(secret.substr(colon + 1, dollar - colon - 1), base64_letters) &&
         only_of(stored_key, base64_letters) && stored_key.size() == sha256_base64_length &&
         only_of(server_key, base64_letters) && server_key.size() == sha256_base64_length;
}

std::string from_file(const table_reader& from, const std::filesystem::path& file, report& findings) {
  const std::size_t line = from.line_of("password_file");
  const std::string key = from.path_of("password_file");
  const file_content content = read_file(file);
  if (!content.error.empty()) {
    findings.add_problem(line, fmt::format("{} cannot be read: {}", key, content.error),
                         "check the path and that pgweir's user may read it");
    return {};
  }
  std::string secret = content.text.substr(0, content.text.find('\n'));
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) {
    findings.add_problem(line, fmt::format("the first line of {} is empty", key), "write the password there");
  }
  std::error_code unknown;
  const std::filesystem::perms rights = std::filesystem::status(file, unknown).permissions();
  if (!unknown && (rights & std::filesystem::perms::others_read) != std::filesystem::perms::none) {
    findings.add_warning(line, fmt::format("the file of {} is readable by every user of this machine", key),
                         "take that right away with chmod o-r");
  }
  return secret;
}

std::string from_environment(const table_reader& from, const std::string& variable, report& findings) {
  const char* value = std::getenv(variable.c_str());
  if (value && *value) return value;
  findings.add_problem(from.line_of("password_env"),
                       fmt::format("the environment variable of {} is {}", from.path_of("password_env"),
                                   value ? "empty" : "not set"),
                       "set it where pgweir is started");
  return {};
}

}  // namespace

secret_kind kind_of_secret(std::string_view secret) {
  if (secret.empty()) return secret_kind::none;
  if (secret.size() == md5_length && secret.starts_with("md5") && only_of(secret.substr(3), hex_digits)) {
    return secret_kind::md5;
  }
  return is_scram_verifier(secret) ? secret_kind::scram : secret_kind::plain;
}

std::string read_secret(table_reader& from, const std::filesystem::path& directory, report& findings) {
  const std::optional<std::string> inline_text = from.text("password");
  const std::optional<std::string> file = from.text("password_file");
  const std::optional<std::string> variable = from.text("password_env");
  if (inline_text.has_value() + file.has_value() + variable.has_value() > 1) {
    const std::size_t line =
        std::max({inline_text ? from.line_of("password") : 0, file ? from.line_of("password_file") : 0,
                  variable ? from.line_of("password_env") : 0});
    findings.add_problem(line, fmt::format("{} has its password from more than one source", from.path()),
                         "keep one of password, password_file and password_env");
    return inline_text.value_or("");
  }
  if (file) return from_file(from, directory / *file, findings);
  if (variable) return from_environment(from, *variable, findings);
  if (inline_text && inline_text->empty()) {
    findings.add_problem(from.line_of("password"), fmt::format("{} is empty", from.path_of("password")),
                         "write a password; PostgreSQL accepts no empty one either");
  }
  return inline_text.value_or("");
}

}  // namespace pgweir::config
