// config/document.hpp - a TOML text as a plain tree that knows its lines.
// It keeps the TOML library, which is slow to compile, inside document.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgweir::config {

struct table_entry;

struct node {
  struct date_or_time {};  // TOML has them, the configuration does not
  using array = std::vector<node>;
  using table = std::vector<table_entry>;  // in the order of the file

  std::size_t line = 0;
  std::variant<bool, std::int64_t, double, std::string, date_or_time, array, table> content;
};

struct table_entry {
  std::string key;
  node value;
};

// What kind of value it is, in the words of a message: "a string", "a whole number", ...
std::string_view kind_of(const node& value);

struct parsed_document {
  node root;  // always a table; empty if `error` says why
  std::string error;
  std::size_t error_line = 0;
};

parsed_document parse_document(const std::string& text);

}  // namespace pgweir::config
