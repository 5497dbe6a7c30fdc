// metrics/log_format.hpp - one event as one line; pure functions of their arguments.
// No value can end a line, forge a field or break the JSON: control characters are escaped and what is not
// valid UTF-8 is replaced by U+FFFD.
#pragma once

#include "metrics/log.hpp"

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pgweir::metrics::log {

struct record {
  std::chrono::system_clock::time_point time;
  level severity;
  std::string_view message;
  std::initializer_list<field> fields;
};

// Both append the line with its newline to `out`.
void append_text(std::string& out, const record& event);
void append_json(std::string& out, const record& event);

}  // namespace pgweir::metrics::log
