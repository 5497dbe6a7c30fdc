// tests/config/load_helpers.hpp - what a load said, as text.
#pragma once

#include "config/load.hpp"

#include <string>

namespace pgweir::config {

// Everything that was said, one line each, problems first.
inline std::string said_by(const load_result& result) {
  std::string all;
  for (const problem& one : result.problems) all += to_string(one) + '\n';
  for (const std::string& one : result.warnings) all += "warning: " + one + '\n';
  return all;
}

// A whole file around the lines in question.
inline load_result load_with(const std::string& lines) {
  return load_text(lines + "\n[databases.app]\nserver = \"\"\n[users.alice]\nauth = \"trust\"\n",
                   "test.toml");
}

}  // namespace pgweir::config
