// proxy/wire/cursor.hpp - a bounds-checked reader of network-order values out of one message.
// A read past the end makes the cursor fail for good; values read after that are zero or empty, so a parser
// may read everything and ask ok() once. Views point into the bytes given and live as long as they do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace pgweir::wire {

using bytes_view = std::span<const std::byte>;

inline bytes_view as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(bytes_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Up to the first zero, or all of it: a string of the protocol, or the text in front of a statement's types.
inline std::string_view before_zero(std::string_view text) { return text.substr(0, text.find('\0')); }

// Network-order integers at a place that is known to be long enough.
inline std::uint32_t load_u32(const std::byte* at) {
  return std::to_integer<std::uint32_t>(at[0]) << 24 | std::to_integer<std::uint32_t>(at[1]) << 16 |
         std::to_integer<std::uint32_t>(at[2]) << 8 | std::to_integer<std::uint32_t>(at[3]);
}
inline void store_u32(std::byte* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

class cursor {
 public:
  explicit cursor(bytes_view bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    const auto at = take(1);
    return at.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(at[0]);
  }
  std::uint16_t u16() {
    const auto at = take(2);
    if (at.empty()) return 0;
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) << 8 |
                                      std::to_integer<unsigned>(at[1]));
  }
  std::uint32_t u32() {
    const auto at = take(4);
    return at.empty() ? 0 : load_u32(at.data());
  }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }

  // A zero-terminated string, without the zero.
  std::string_view c_string() {
    const auto text = as_text(rest_);
    const auto end = text.find('\0');
    if (end == std::string_view::npos) {
      fail();
      return {};
    }
    rest_ = rest_.subspan(end + 1);
    return text.substr(0, end);
  }

  bytes_view take(std::size_t n) {
    if (!ok_ || n > rest_.size()) {
      fail();
      return {};
    }
    const auto taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
  }

  bytes_view rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  bytes_view rest_;
  bool ok_ = true;
};

}  // namespace pgweir::wire
