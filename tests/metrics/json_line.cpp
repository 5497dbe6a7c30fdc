#include "tests/metrics/json_line.hpp"

#include "metrics/utf8.hpp"

#include <algorithm>

namespace pgweir::metrics::test {

namespace {

// One string of RFC 8259 at the start of `rest`, which it takes off.
std::optional<std::string> take_string(std::string_view& rest) {
  if (!rest.starts_with('"')) return {};
  std::string text;
  for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest.front();
    if (c == '"') {
      rest.remove_prefix(1);
      return text;
    }
    if (static_cast<unsigned char>(c) < 0x20) return {};
    if (c != '\\') {
      text += c;
      continue;
    }
    rest.remove_prefix(1);
    if (rest.empty()) return {};
    const std::string_view escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const auto known = escapes.find(rest.front());
    if (known != std::string_view::npos) {
      text += meanings[known];
    } else if (rest.starts_with("u00") && rest.size() >= 5) {
      text += static_cast<char>(std::stoi(std::string(rest.substr(3, 2)), nullptr, 16));
      rest.remove_prefix(4);
    } else {
      return {};
    }
  }
  return {};
}

bool take(std::string_view& rest, char wanted) {
  if (!rest.starts_with(wanted)) return false;
  rest.remove_prefix(1);
  return true;
}

bool take_digits(std::string_view& rest) {
  const std::size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(count);
  return count != 0;
}

// RFC 8259, section 6.
bool take_number(std::string_view& rest) {
  take(rest, '-');
  if (!take(rest, '0') && !take_digits(rest)) return false;
  if (take(rest, '.') && !take_digits(rest)) return false;
  if (!take(rest, 'e') && !take(rest, 'E')) return true;
  if (!take(rest, '-')) take(rest, '+');
  return take_digits(rest);
}

std::optional<std::string> take_value(std::string_view& rest) {
  if (rest.starts_with('"')) return take_string(rest);
  for (const std::string_view literal : {"true", "false", "null"}) {
    if (!rest.starts_with(literal)) continue;
    rest.remove_prefix(literal.size());
    return std::string(literal);
  }
  const std::string_view before = rest;
  if (!take_number(rest)) return {};
  return std::string(before.substr(0, before.size() - rest.size()));
}

}  // namespace

std::optional<std::map<std::string, std::string>> read_json_line(std::string_view line) {
  std::map<std::string, std::string> members;
  if (valid_utf8(line) != line || !take(line, '{')) return {};
  do {
    const auto key = take_string(line);
    if (!key || !take(line, ':')) return {};
    const auto value = take_value(line);
    if (!value || !members.emplace(*key, *value).second) return {};
  } while (take(line, ','));
  if (line != "}\n") return {};
  return members;
}

}  // namespace pgweir::metrics::test
