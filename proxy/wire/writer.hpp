// proxy/wire/writer.hpp - builds messages at the end of a byte string; the length word is patched in end().
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::wire {

class writer {
 public:
  // `out` must outlive the writer; messages are appended to it.
  explicit writer(std::string& out) : out_(out) {}

  writer& begin(char type) {
    out_.push_back(type);
    return begin_untyped();
  }
  // Startup packets have no type byte.
  writer& begin_untyped() {
    length_at_ = out_.size();
    out_.append(4, '\0');
    return *this;
  }
  writer& u8(std::uint8_t value) {
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  writer& u16(std::uint16_t value) {
    return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
  }
  writer& u32(std::uint32_t value) {
    return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
  }
  writer& c_string(std::string_view text) {
    out_.append(text);
    out_.push_back('\0');
    return *this;
  }
  writer& raw(std::string_view text) {
    out_.append(text);
    return *this;
  }
  writer& raw(bytes_view bytes) { return raw(as_text(bytes)); }
  writer& end() {
    store_u32(reinterpret_cast<std::byte*>(out_.data()) + length_at_,
              static_cast<std::uint32_t>(out_.size() - length_at_));
    return *this;
  }

 private:
  std::string& out_;
  std::size_t length_at_ = 0;
};

}  // namespace pgweir::wire
