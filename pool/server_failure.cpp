#include "pool/server_failure.hpp"

#include <algorithm>
#include <optional>

namespace pgweir::pool {
namespace {

constexpr std::string_view unreachable = "08001";

bool is_sqlstate_character(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

// "...FATAL:  3D000: database "x" does not exist": the severity may be translated, the rest never is.
std::optional<server_failure> spoken_by_server(std::string_view line) {
  constexpr std::string_view before = ":  ", after = ": ";
  for (auto at = line.find(before); at != std::string_view::npos; at = line.find(before, at + 1)) {
    const auto rest = line.substr(at + before.size());
    if (rest.size() < 7 || !std::all_of(rest.begin(), rest.begin() + 5, is_sqlstate_character)) continue;
    if (rest.substr(5, 2) != after) continue;
    const auto sqlstate = rest.substr(0, 5);
    return server_failure{std::string(sqlstate), std::string(rest.substr(7)), is_permanent(sqlstate)};
  }
  return std::nullopt;
}

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

bool is_permanent(std::string_view sqlstate) {
  // 55000: the database does not accept connections; 55P02: a parameter that only the server's start can set.
  constexpr std::string_view states[] = {"3D000", "55000", "55P02", "08P01"};
  constexpr std::string_view classes[] = {"28", "22", "42", "0A"};
  return std::find(std::begin(states), std::end(states), sqlstate) != std::end(states) ||
         std::find(std::begin(classes), std::end(classes), sqlstate.substr(0, 2)) != std::end(classes);
}

server_failure failure_from(std::string_view libpq_text) {
  std::optional<server_failure> spoken;
  std::string whole;
  while (!libpq_text.empty()) {
    const auto line = next_line(libpq_text);
    if (line.empty() || line.starts_with("LOCATION: ")) continue;
    if (auto found = spoken_by_server(line)) spoken = std::move(found);
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) continue;
    if (!whole.empty()) whole += "; ";
    whole += line.substr(start);
  }
  if (spoken) return *spoken;
  if (whole.empty()) whole = "the server closed the connection during login";
  return {std::string(unreachable), whole, false};
}

}  // namespace pgweir::pool
