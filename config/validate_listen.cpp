#include "config/address.hpp"
#include "config/read_file.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/un.h>

namespace pgweir::config {

namespace {

void validate_socket_path(const address& at, const std::string& key, const config& all,
                          const key_lines& lines, report& findings) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  const std::string path = unix_socket_path(at.directory, all.listen.unix_port);
  if (path.size() <= longest) return;
  findings.add_problem(
      lines.line_of(key),
      fmt::format("the socket of {} has a path of {} bytes, the system allows {}", key, path.size(), longest),
      "choose a shorter directory");
}

void validate_metrics_address(const config& all, const std::vector<address>& listening,
                              const key_lines& lines, report& findings) {
  if (all.metrics.address.empty()) return;
  const std::string key = "metrics.address";
  const parsed_address parsed = parse_address(all.metrics.address);
  if (!parsed.error.empty()) {
    findings.add_problem(lines.line_of(key), fmt::format("{} {}", key, parsed.error), parsed.advice);
  } else if (parsed.value.is_unix()) {
    findings.add_problem(lines.line_of(key), fmt::format("{} is a directory", key),
                         "write host:port, or \"\" for no endpoint");
  } else if (std::ranges::find(listening, parsed.value) != listening.end()) {
    const std::size_t line = std::max(lines.line_of(key), lines.line_of("listen.address"));
    findings.add_problem(line, fmt::format("{} is one of listen.address, too", key),
                         "choose another port for one of them");
  }
}

void validate_pem_file(const std::string& file, const std::string& key, const key_lines& lines,
                       report& findings) {
  if (file.empty()) {
    findings.add_problem(lines.line_of(lines.written(key) ? key : "listen.tls.mode"),
                         fmt::format("listen.tls.mode asks for TLS, but there is no {}", key),
                         "name a PEM file, or set mode = \"off\"");
    return;
  }
  const file_content content = read_file(file);
  if (content.error.empty()) return;
  findings.add_problem(lines.line_of(key), fmt::format("{} cannot be read: {}", key, content.error),
                       "check the path and that pgweir's user may read it");
}

}  // namespace

void validate_listen(const config& all, const key_lines& lines, report& findings) {
  if (all.listen.addresses.empty()) {
    findings.add_problem(lines.line_of("listen.address"), "listen.address is an empty list",
                         "write at least one address, as in \"127.0.0.1:6432\"");
  }
  std::vector<address> known;
  for (std::size_t i = 0; i < all.listen.addresses.size(); ++i) {
    const std::string key = fmt::format("listen.address[{}]", i);
    const parsed_address parsed = parse_address(all.listen.addresses[i]);
    if (!parsed.error.empty()) {
      findings.add_problem(lines.line_of(key), fmt::format("{} {}", key, parsed.error), parsed.advice);
      continue;
    }
    if (std::ranges::find(known, parsed.value) != known.end()) {
      findings.add_problem(lines.line_of(key), fmt::format("{} was named before", key),
                           "remove one of the two");
      continue;
    }
    if (parsed.value.is_unix()) validate_socket_path(parsed.value, key, all, lines, findings);
    known.push_back(parsed.value);
  }
  validate_metrics_address(all, known, lines, findings);
}

void validate_tls(const config& all, const key_lines& lines, report& findings) {
  const tls_settings& tls = all.listen.tls;
  if (tls.mode == tls_mode::off) {
    const bool named = lines.written("listen.tls.certificate") || lines.written("listen.tls.key");
    if (named && !lines.written("listen.tls.mode")) {
      findings.add_warning(lines.line_of("listen.tls"),
                           "listen.tls names a certificate or key, but its mode is off",
                           "add mode = \"allow\" or mode = \"require\"");
    }
    return;
  }
  validate_pem_file(tls.certificate, "listen.tls.certificate", lines, findings);
  validate_pem_file(tls.key, "listen.tls.key", lines, findings);
}

}  // namespace pgweir::config
