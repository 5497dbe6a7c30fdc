#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace pgweir::config {

namespace {

// A table that may set size and min_size, and its path; the null path stands for "none of them".
struct level {
  std::string path;
  const pool_overrides* keys = nullptr;
};

template <class Entries>
std::vector<level> levels_of(const Entries& entries, std::string_view group) {
  std::vector<level> found{level{}};
  for (const auto& [name, settings] : entries) {
    if (settings.pool.size || settings.pool.min_size)
      found.push_back({join_path(group, name), &settings.pool});
  }
  return found;
}

struct sourced {
  std::size_t value;
  std::string key;  // empty: the built-in default
};

// The last level that sets it wins, as in settings_of.
sourced resolve(std::optional<std::size_t> pool_overrides::*member, std::string_view name,
                std::size_t otherwise, const std::vector<level>& levels) {
  sourced result{otherwise, {}};
  for (const level& one : levels) {
    if (one.keys && one.keys->*member) result = {*(one.keys->*member), join_path(one.path, name)};
  }
  return result;
}

void validate_pair(const std::vector<level>& levels, const key_lines& lines,
                   std::set<std::pair<std::string, std::string>>& told, report& findings) {
  const pool_settings defaults;
  const sourced size = resolve(&pool_overrides::size, "size", defaults.size, levels);
  const sourced least = resolve(&pool_overrides::min_size, "min_size", defaults.min_size, levels);
  if (least.value <= size.value || !told.emplace(size.key, least.key).second) return;
  const std::string limit = size.key.empty() ? fmt::format("the default size, {}", size.value)
                                             : fmt::format("{}, {}", size.key, size.value);
  findings.add_problem(std::max(lines.line_of(size.key), lines.line_of(least.key)),
                       fmt::format("{} is {}, more than {}", least.key, least.value, limit),
                       "lower min_size or raise size");
}

}  // namespace

void validate_pool_sizes(const config& all, const key_lines& lines, report& findings) {
  const level common{"pool", &all.pool};
  std::set<std::pair<std::string, std::string>> told;
  for (const level& database : levels_of(all.databases, "databases")) {
    for (const level& user : levels_of(all.users, "users")) {
      validate_pair({common, database, user}, lines, told, findings);
    }
  }
}

}  // namespace pgweir::config
