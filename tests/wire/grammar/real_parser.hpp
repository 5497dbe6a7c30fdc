// tests/wire/grammar/real_parser.hpp - what PostgreSQL's own parser says about a text (libpg_query, version
// 15).
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {

struct real_parse {
  bool rejected = false;           // the rest is empty then
  std::vector<std::string> kinds;  // of its statements: SelectStmt, ...
  // Of what is called anywhere in it, qualified names with all their parts.
  std::vector<std::vector<std::string>> functions;
  std::vector<std::string> fields_of_values;  // (a).b, a[1].b: each may be the call of a function
  std::vector<std::string> fields_of_names;   // the last part of a.b
  std::vector<std::string> relations;         // named anywhere in it, without their schemas
  bool locks_rows = false;
  bool makes_table = false;  // SELECT INTO
  bool writes = false;       // an INSERT, UPDATE, DELETE or MERGE anywhere
  bool samples = false;      // TABLESAMPLE: its method is a function
  bool temporary = false;    // pg_temp is part of a name
  bool current_of = false;
};

real_parse parse_really(const std::string& text);

// Start and end of each token, without comments; empty if PostgreSQL's scanner fails.
std::vector<std::pair<std::size_t, std::size_t>> scan_really(const std::string& text);

// The single statements of a text that need not be free of errors; empty if it cannot be scanned.
std::vector<std::string> split_really(const std::string& text);

}  // namespace pgweir::test
