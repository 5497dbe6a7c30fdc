#include "config/document.hpp"

#include <toml.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace pgweir::config {

namespace {

node converted(const toml::value& from) {
  node to{.line = from.location().line(), .content = node::date_or_time{}};
  switch (from.type()) {
    case toml::value_t::boolean:
      to.content = from.as_boolean();
      break;
    case toml::value_t::integer:
      to.content = std::int64_t{from.as_integer()};
      break;
    case toml::value_t::floating:
      to.content = from.as_floating();
      break;
    case toml::value_t::string:
      to.content = from.as_string().str;
      break;
    case toml::value_t::array: {
      node::array elements;
      for (const toml::value& element : from.as_array()) elements.push_back(converted(element));
      to.content = std::move(elements);
      break;
    }
    case toml::value_t::table: {
      node::table entries;
      for (const auto& [key, value] : from.as_table()) entries.push_back({key, converted(value)});
      std::ranges::sort(entries, [](const table_entry& a, const table_entry& b) {
        return a.value.line != b.value.line ? a.value.line < b.value.line : a.key < b.key;
      });
      to.content = std::move(entries);
      break;
    }
    default:
      break;
  }
  return to;
}

// The library's messages quote the offending source line, which may hold a password: only their title is
// kept.
// "[error] toml::parse_array: missing `,`\n --> file\n 3 | ..." becomes "missing `,`".
std::string title_of(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  if (message.starts_with("[error] ")) message.remove_prefix(8);
  for (const std::string_view origin : {"toml::", "parse_"}) {
    if (!message.starts_with(origin)) continue;
    if (const std::size_t colon = message.find(": "); colon != message.npos) message.remove_prefix(colon + 2);
  }
  if (message.ends_with('.')) message.remove_suffix(1);
  return std::string{message};
}

// An error found in a nested value carries the location of the outer one, but its text quotes the right
// lines, each as " 3 | source". With several, as for a key that is there twice, the last one is where the
// reader meets the error.
std::size_t line_shown_in(std::string_view message, std::size_t otherwise) {
  std::size_t last = 0;
  while (!message.empty()) {
    std::string_view shown = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(shown.size() + 1, message.size()));
    shown.remove_prefix(std::min(shown.find_first_not_of(' '), shown.size()));
    std::size_t line = 0;
    const auto [end, error] = std::from_chars(shown.data(), shown.data() + shown.size(), line);
    shown.remove_prefix(static_cast<std::size_t>(end - shown.data()));
    if (error == std::errc{} && shown.starts_with(" |")) last = std::max(last, line);
  }
  return last == 0 ? otherwise : last;
}

}  // namespace

std::string_view kind_of(const node& value) {
  struct names {
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(std::int64_t) const { return "a whole number"; }
    std::string_view operator()(double) const { return "a number with a fraction"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(node::date_or_time) const { return "a date or time"; }
    std::string_view operator()(const node::array&) const { return "a list"; }
    std::string_view operator()(const node::table&) const { return "a table"; }
  };
  return std::visit(names{}, value.content);
}

parsed_document parse_document(const std::string& text) {
  parsed_document parsed{.root = {.line = 0, .content = node::table{}}, .error = {}, .error_line = 0};
  try {
    std::istringstream input{text};
    parsed.root = converted(toml::parse(input));
  } catch (const toml::exception& failure) {
    parsed.error = title_of(failure.what());
    parsed.error_line = line_shown_in(failure.what(), failure.location().line());
  } catch (const std::exception& failure) {
    parsed.error = title_of(failure.what());
  }
  return parsed;
}

}  // namespace pgweir::config
