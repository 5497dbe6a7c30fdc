#include "config/sections.hpp"

namespace pgweir::config {

namespace {

constexpr choice<tls_mode> tls_modes[]{
    {"off", tls_mode::off}, {"allow", tls_mode::allow}, {"require", tls_mode::require}};

constexpr choice<log_level> log_levels[]{{"debug", log_level::debug},
                                         {"info", log_level::info},
                                         {"warning", log_level::warning},
                                         {"error", log_level::error}};

constexpr choice<log_format> log_formats[]{{"text", log_format::text}, {"json", log_format::json}};

std::string absolute_path(const std::optional<std::string>& written, const std::filesystem::path& directory) {
  return !written || written->empty() ? std::string{} : (directory / *written).string();
}

tls_settings read_tls(table_reader from, const std::filesystem::path& directory) {
  tls_settings to;
  set(to.mode, from.one_of("mode", tls_modes));
  to.certificate = absolute_path(from.text("certificate"), directory);
  to.key = absolute_path(from.text("key"), directory);
  from.finish();
  return to;
}

int to_int(std::optional<std::size_t> value, int otherwise) {
  return value ? static_cast<int>(*value) : otherwise;
}

}  // namespace

listen_settings read_listen(table_reader from, const std::filesystem::path& directory) {
  listen_settings to;
  set(to.addresses, from.texts("address"));
  to.unix_port = to_int(from.count("unix_port", {.least = 1, .most = 65535}), to.unix_port);
  to.backlog = to_int(from.count("backlog", {.least = 1, .most = 65535}), to.backlog);
  set(to.client_login_timeout, from.duration("client_login_timeout"));
  set(to.password_without_tls, from.flag("password_without_tls"));
  to.tls = read_tls(from.table("tls"), directory);
  from.finish();
  return to;
}

metrics_settings read_metrics(table_reader from) {
  metrics_settings to;
  set(to.address, from.text("address"));
  set(to.max_pools, from.count("max_pools", {.least = 1}));
  from.finish();
  return to;
}

limit_settings read_limits(table_reader from) {
  limit_settings to;
  set(to.clients, from.count("clients", {.least = 1}));
  set(to.prepared_memory, from.size("prepared_memory"));
  from.finish();
  return to;
}

log_settings read_log(table_reader from) {
  log_settings to;
  set(to.level, from.one_of("level", log_levels));
  set(to.format, from.one_of("format", log_formats));
  set(to.connections, from.flag("connections"));
  from.finish();
  return to;
}

}  // namespace pgweir::config
