#include "proxy/auth/saslprep.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace pgweir::auth {

namespace {

struct code_point {
  char32_t value;
  std::size_t bytes;
};

// The code point at the front of `text`; none if that is not valid UTF-8.
std::optional<code_point> decode_utf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return code_point{lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes > text.size()) return std::nullopt;
  char32_t value = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0u) != 0x80) return std::nullopt;
    value = value << 6 | (next & 0x3fu);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return std::nullopt;
  return code_point{value, bytes};
}

// RFC 3454, table C.1.2
bool is_other_space(char32_t c) {
  return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

// RFC 3454, table B.1, less U+200B, which the table above claims first
bool is_mapped_to_nothing(char32_t c) {
  static constexpr std::array<char32_t, 10> some{0xad,   0x34f,  0x1806, 0x180b, 0x180c,
                                                 0x180d, 0x200c, 0x200d, 0x2060, 0xfeff};
  return std::find(some.begin(), some.end(), c) != some.end() || (c >= 0xfe00 && c <= 0xfe0f);
}

// RFC 3454, tables C.2.1 and C.2.2
bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029; }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string saslprep(std::string_view password) {
  std::string prepared;
  if (is_ascii(password)) return prepared.assign(password);
  for (auto rest = password; !rest.empty();) {
    const auto next = decode_utf8(rest);
    if (!next || is_control(next->value)) return prepared.assign(password);
    if (is_other_space(next->value)) {
      prepared.push_back(' ');
    } else if (!is_mapped_to_nothing(next->value)) {
      prepared.append(rest.substr(0, next->bytes));
    }
    rest.remove_prefix(next->bytes);
  }
  if (prepared.empty()) prepared = password;
  return prepared;
}

}  // namespace pgweir::auth
