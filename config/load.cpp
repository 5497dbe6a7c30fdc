#include "config/load.hpp"

#include "config/accounts.hpp"
#include "config/document.hpp"
#include "config/pool_keys.hpp"
#include "config/read_file.hpp"
#include "config/sections.hpp"
#include "config/unknown_keys.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace pgweir::config {

namespace {

constexpr std::size_t most_workers = 1024;

pool_overrides read_pool(table_reader from) {
  pool_overrides to = read_pool_keys(from);
  from.finish();
  return to;
}

config read_config(const node& root, const std::filesystem::path& directory, reading& state) {
  config to;
  table_reader top{&std::get<node::table>(root.content), "", state};
  set(to.workers, top.count("workers", {.least = 0, .most = most_workers}));
  to.listen = read_listen(top.table("listen"), directory);
  to.metrics = read_metrics(top.table("metrics"));
  to.limits = read_limits(top.table("limits"));
  to.log = read_log(top.table("log"));
  to.pool = read_pool(top.table("pool"));
  for (const auto& [name, content] : top.tables("databases")) {
    to.databases.emplace(name, read_database(content, state.findings));
  }
  for (const auto& [name, content] : top.tables("users")) {
    if (content.exists()) to.users.emplace(name, read_user(content, directory, state.findings));
  }
  top.finish();
  return to;
}

}  // namespace

load_result load_file(const std::string& path) {
  const file_content content = read_file(path);
  if (content.error.empty()) return load_text(content.text, path);
  report findings{path};
  findings.add_problem(0, fmt::format("cannot be read: {}", content.error),
                       "check the path and that pgweir's user may read it");
  return {.value = {}, .problems = findings.problems(), .warnings = {}};
}

load_result load_text(const std::string& text, const std::string& name) {
  report findings{name};
  config value;
  const parsed_document document = parse_document(text);
  if (document.error.empty()) {
    reading state{.findings = findings, .lines = {}, .unknown = {}, .asked = {}};
    value = read_config(document.root, std::filesystem::path{name}.parent_path(), state);
    if (!state.unknown.empty()) report_unknown_keys(state.unknown, known_keys(), findings);
    validate(value, state.lines, findings);
  } else {
    findings.add_problem(document.error_line, fmt::format("this is not valid TOML: {}", document.error),
                         "correct it; the rest of the file is checked after that");
  }
  return {.value = std::move(value), .problems = findings.problems(), .warnings = findings.warnings()};
}

std::vector<std::string> known_keys() {
  report nothing{""};
  reading state{.findings = nothing, .lines = {}, .unknown = {}, .asked = {}};
  read_config(parse_document("[databases.NAME]\n[users.NAME]\n").root, {}, state);
  return state.asked;
}

}  // namespace pgweir::config
