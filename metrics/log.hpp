// metrics/log.hpp - the program's log: one line for each event, as text or as one JSON object.
//
//   2026-11-21T06:00:00.123Z info client connected client=127.0.0.1:5000 database=app
//   {"time":"2026-11-21T06:00:00.123Z","level":"info","message":"client
//   connected","client":"127.0.0.1:5000",...}
//
// A line is made by the thread that logs and written by another one. When that one cannot keep up, the oldest
// lines are dropped and counted: a worker never waits for the log. Never give a secret to it.
//
// Thread rule: event() and enabled() from any thread; start() and stop() while no other thread uses the log.
#pragma once

#include "config/config.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace pgweir::metrics::log {

using level = config::log_level;
using format = config::log_format;

// Receives whole lines, each with its newline, on the thread of the log.
using line_writer = std::function<void(std::string_view line)>;

// Refers to text without a copy: it need live only during the call of event().
class field_value {
 public:
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> field_value(const Text& text)
      : value_(std::string_view(text)) {}
  template <std::integral Integer>
  field_value(Integer number) : value_(static_cast<std::int64_t>(number)) {}
  field_value(bool flag) : value_(std::string_view(flag ? "true" : "false")) {}
  field_value(double number) : value_(number) {}

  const std::variant<std::string_view, std::int64_t, double>& get() const { return value_; }

 private:
  std::variant<std::string_view, std::int64_t, double> value_;
};

struct field {
  std::string_view key;  // a literal of the program in snake_case; not "time", "level" or "message"
  field_value value;
};

// Starts the log, by default to standard error. Before that, and after stop(), events are ignored.
void start(level lowest, format style);
void start(level lowest, format style, line_writer output);
// Writes what is still queued, and ends the log's thread.
void stop();

// For the caller that has to compute something before it can log.
bool enabled(level severity);

// Does nothing, and allocates nothing, when the level is off. Never throws.
void event(level severity, std::string_view message, std::initializer_list<field> fields = {}) noexcept;

// Lines lost since the start because they came faster than they could be written.
std::uint64_t dropped_lines();

}  // namespace pgweir::metrics::log
