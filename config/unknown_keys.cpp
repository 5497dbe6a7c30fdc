#include "config/unknown_keys.hpp"

#include "config/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgweir::config {

namespace {

// The tables in which `key` is known: a key under the wrong header is the commonest slip in TOML.
std::vector<std::string> homes_of(std::string_view key, std::span<const std::string> catalogue) {
  std::vector<std::string> homes;
  for (const std::string& path : catalogue) {
    const std::size_t dot = path.rfind('.');
    if (std::string_view{path}.substr(dot == path.npos ? 0 : dot + 1) != key) continue;
    homes.push_back(dot == path.npos ? "the top of the file" : fmt::format("[{}]", path.substr(0, dot)));
  }
  return homes;
}

std::string advice_on(const unknown_key& one, std::span<const std::string> catalogue) {
  if (const auto homes = homes_of(one.key, catalogue); !homes.empty()) {
    return fmt::format("it belongs to {}", fmt::join(homes, " or "));
  }
  return suggestion(one.key, one.known, "keys");
}

}  // namespace

void report_unknown_keys(std::span<const unknown_key> unknown, std::span<const std::string> catalogue,
                         report& findings) {
  for (const unknown_key& one : unknown) {
    findings.add_problem(one.line, fmt::format("{} is not a key", join_path(one.table, one.key)),
                         advice_on(one, catalogue));
  }
}

}  // namespace pgweir::config
