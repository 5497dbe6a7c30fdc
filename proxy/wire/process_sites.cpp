#include "proxy/wire/process_sites.hpp"

#include "proxy/wire/sql_scanner.hpp"

#include <charconv>
#include <span>
#include <utility>

namespace pgweir::wire {
namespace {

template <class Number>
std::optional<Number> read_digits(std::string_view digits) {
  Number read = 0;
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, read);
  if (parsed.ec != std::errc{} || parsed.ptr != end || read <= 0) return std::nullopt;
  return read;
}

bool is_one_of(const sql_token& name, std::span<const std::string_view> names) {
  const bool is_name = name.kind == sql_token_kind::word || name.kind == sql_token_kind::quoted_name;
  for (const auto one : names)
    if (is_name && name.hash == sql_hash(one)) return true;
  return false;
}

bool names_function(const sql_token& token) { return is_one_of(token, signalling_functions); }

bool names_process(const sql_token& token) {
  return is_one_of(token, std::array<std::string_view, 2>{"pid", "procpid"});
}

// `pid =>` and `pid :=` name the argument of the functions.
bool compares(const sql_token& token) {
  for (const std::string_view one : {"=", "<>", "!=", "=>", ":="})
    if (token.text == one) return true;
  return false;
}

std::optional<process_site> read_operand(std::string_view text, const sql_token& token) {
  if (token.kind == sql_token_kind::parameter) {
    const auto number = read_digits<std::size_t>(token.text.substr(1));
    return number ? std::optional{process_site{.parameter = *number}} : std::nullopt;
  }
  auto digits = token.text;
  if (token.kind == sql_token_kind::string) {
    if (digits.size() < 3 || digits.front() != '\'' || digits.back() != '\'') return std::nullopt;
    digits = digits.substr(1, digits.size() - 2);
  } else if (token.kind != sql_token_kind::number) {
    return std::nullopt;
  }
  const auto number = read_process_id(digits);
  if (!number) return std::nullopt;
  return process_site{static_cast<std::size_t>(digits.data() - text.data()), digits.size(), *number};
}

}  // namespace

std::optional<std::int32_t> read_process_id(std::string_view digits) {
  return read_digits<std::int32_t>(digits);
}

process_signal find_process_signal(std::string_view text) {
  sql_scanner tokens{text};
  for (auto token = tokens.next(); token.kind != sql_token_kind::end; token = tokens.next()) {
    if (token.kind == sql_token_kind::not_understood) break;
    if (is_one_of(token, std::span{&ending_function, 1})) return process_signal::ends;
  }
  return process_signal::cancels;
}

std::vector<process_site> find_process_sites(std::string_view text) {
  enum class comes { anything, parenthesis, comparison, list, operand } next = comes::anything;
  bool in_list = false;
  std::vector<process_site> found;
  sql_scanner tokens{text};
  for (auto token = tokens.next(); token.kind != sql_token_kind::end; token = tokens.next()) {
    if (token.kind == sql_token_kind::not_understood) break;
    const auto before = std::exchange(next, comes::anything);
    if (names_function(token)) {
      next = comes::parenthesis;
    } else if (names_process(token)) {
      next = comes::comparison;
    } else if (before == comes::parenthesis && token.is('(')) {
      next = comes::operand;
    } else if (before == comes::comparison && token.is_word("in")) {
      next = comes::list;
    } else if (before == comes::list && token.is('(')) {
      next = comes::operand;
      in_list = true;
    } else if (before == comes::comparison && compares(token)) {
      next = comes::operand;
      in_list = false;
    } else if (before == comes::operand && token.is('(')) {
      next = comes::operand;
    } else if (before == comes::operand) {
      if (const auto site = read_operand(text, token)) found.push_back(*site);
    } else if (in_list && token.is(',')) {
      next = comes::operand;
    } else if (token.is(')')) {
      in_list = false;
    }
  }
  return found;
}

}  // namespace pgweir::wire
