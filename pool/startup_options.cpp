#include "pool/startup_options.hpp"

#include <cctype>

namespace pgweir::pool {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || std::isspace(static_cast<unsigned char>(c)) != 0) out += '\\';
    out += c;
  }
}

void append_separated(std::string& out, std::string_view more) {
  if (more.empty()) return;
  if (!out.empty()) out += ' ';
  out += more;
}

}  // namespace

std::string merge_options(std::string_view from_conninfo, const profile& startup) {
  std::string merged{from_conninfo};
  append_separated(merged, startup.options);
  for (const auto& [name, value] : startup.settings) {
    append_separated(merged, "-c ");
    append_escaped(merged, name);
    merged += '=';
    append_escaped(merged, value);
  }
  return merged;
}

}  // namespace pgweir::pool
