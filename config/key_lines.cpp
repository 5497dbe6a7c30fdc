#include "config/key_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::config {

namespace {

bool is_bare(std::string_view key) {
  const auto bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::ranges::all_of(key, bare);
}

// A key may hold anything; a message stays on one line.
std::string quoted(std::string_view key) {
  std::string text{'"'};
  for (const char c : key) {
    if (c == '"' || c == '\\') text += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace

std::string join_path(std::string_view parent, std::string_view key) {
  const std::string name = is_bare(key) ? std::string{key} : quoted(key);
  return parent.empty() ? name : fmt::format("{}.{}", parent, name);
}

}  // namespace pgweir::config
