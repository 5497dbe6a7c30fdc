// proxy/core/passage.hpp - bytes on their way from one side to the other: whole ranges that go through
// untouched reach the sink in one piece, what is dropped or put in between interrupts them.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/sink.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pgweir::core {

class passage {
 public:
  explicit passage(wire::sink& to) : to_(to) {}

  // `bytes` stay where they are until flush().
  void begin(wire::bytes_view bytes) {
    rest_ = bytes;
    passed_ = bytes.first(0);
  }
  // Neither passed nor skipped yet.
  wire::bytes_view rest() const { return rest_; }

  void pass(std::size_t n) {
    passed_ = {passed_.data(), passed_.size() + n};
    rest_ = rest_.subspan(n);
  }
  void skip(std::size_t n) {
    flush();
    rest_ = rest_.subspan(n);
    passed_ = rest_.first(0);
  }
  void take(std::size_t n, passing how) { how == passing::forward ? pass(n) : skip(n); }
  // Sends something else, behind what has passed.
  void put(wire::bytes_view other) {
    flush();
    to_.put(other);
  }
  void flush() {
    if (!passed_.empty()) to_.put(passed_);
    passed_ = rest_.first(0);
  }

  // Takes off what has come of a message whose beginning was dealt with before. False: there was none.
  bool continue_message(message_rest& message) {
    if (message.how == passing::none) return false;
    const auto n = std::min<std::size_t>(message.bytes, rest_.size());
    take(n, message.how);
    message.bytes -= static_cast<std::uint32_t>(n);
    if (message.bytes == 0) message.how = passing::none;
    return true;
  }

 private:
  wire::sink& to_;
  wire::bytes_view rest_;
  wire::bytes_view passed_;  // ends where rest_ begins
};

}  // namespace pgweir::core
