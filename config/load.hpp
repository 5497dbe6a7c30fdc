// config/load.hpp - reads a configuration file, strictly: everything that is wrong with it is told at once.
#pragma once

#include "config/config.hpp"
#include "config/report.hpp"

#include <string>
#include <vector>

namespace pgweir::config {

struct load_result {
  config value;                       // to be used only if there is no problem
  std::vector<problem> problems;      // in the order of the file
  std::vector<std::string> warnings;  // each "file:line: what; what to do"
};

// Relative paths in the file start at its directory. Reads password files, environment variables and, to see
// whether it may, TLS files.
load_result load_file(const std::string& path);

// The same of a text; `name` is what messages call it, and its directory is where relative paths start.
load_result load_text(const std::string& text, const std::string& name);

// Every key there is, by its path: "workers", "pool.size", "databases.NAME.server", ...
std::vector<std::string> known_keys();

}  // namespace pgweir::config
