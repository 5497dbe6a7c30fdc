#include "metrics/log_format.hpp"

#include "metrics/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

namespace pgweir::metrics::log {

namespace {

constexpr std::array<const char*, 4> level_names{"debug", "info", "warning", "error"};

// RFC 3339 in UTC, with milliseconds.
void append_time(std::string& out, std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto since_epoch = floor<milliseconds>(time.time_since_epoch());
  const auto whole = floor<std::chrono::seconds>(since_epoch);
  const std::time_t seconds = whole.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                 (since_epoch - whole).count());
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

enum class quotes { keep, escape };

// Escapes as in a JSON string (RFC 8259, section 7).
void append_escaped(std::string& out, std::string_view text, quotes style) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (is_control(c))
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    else if (style == quotes::escape && (c == '"' || c == '\\'))
      (out += '\\') += c;
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, quotes::escape);
  out += '"';
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
           return is_control(c) || c == ' ' || c == '"' || c == '=' || c == '\\';
         });
}

struct text_value {
  std::string& out;
  void operator()(std::string_view text) const {
    if (needs_quotes(text))
      append_quoted(out, text);
    else
      append_escaped(out, text, quotes::keep);
  }
  void operator()(std::int64_t number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
  void operator()(double number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
};

struct json_value {
  std::string& out;
  void operator()(std::string_view text) const { append_quoted(out, text); }
  void operator()(std::int64_t number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
  // JSON has no word for infinity and not-a-number.
  void operator()(double number) const {
    if (std::isfinite(number))
      fmt::format_to(std::back_inserter(out), "{}", number);
    else
      out += "null";
  }
};

}  // namespace

void append_text(std::string& out, const record& event) {
  append_time(out, event.time);
  (out += ' ') += level_names[static_cast<std::size_t>(event.severity)];
  out += ' ';
  append_escaped(out, event.message, quotes::keep);
  for (const field& each : event.fields) {
    (out += ' ') += each.key;
    out += '=';
    std::visit(text_value{out}, each.value.get());
  }
  out += '\n';
}

void append_json(std::string& out, const record& event) {
  out += "{\"time\":\"";
  append_time(out, event.time);
  (out += "\",\"level\":\"") += level_names[static_cast<std::size_t>(event.severity)];
  out += "\",\"message\":";
  append_quoted(out, event.message);
  for (const field& each : event.fields) {
    out += ',';
    append_quoted(out, each.key);
    out += ':';
    std::visit(json_value{out}, each.value.get());
  }
  out += "}\n";
}

}  // namespace pgweir::metrics::log
