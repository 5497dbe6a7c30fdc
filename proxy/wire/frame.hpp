// proxy/wire/frame.hpp - the five-byte header in front of every message after the startup packet.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pgweir::wire {

inline constexpr std::size_t header_size = 5;  // type byte and length word

// The largest body that PostgreSQL takes or makes (its MaxAllocSize is 1 GB less one; COPY and rows add
// headers).
inline constexpr std::uint32_t max_body = 0x7fff'fff0u;

struct frame_header {
  char type;
  std::uint32_t body;  // bytes that follow the header

  std::size_t size() const { return header_size + body; }
};

enum class header_status { complete, incomplete, malformed };

struct header_result {
  header_status status;
  frame_header header;
};

// Reads the header at the front of `bytes`. Malformed: a length below four or above max_body.
inline header_result read_header(bytes_view bytes) {
  if (bytes.size() < header_size) return {header_status::incomplete, {}};
  const auto length = load_u32(bytes.data() + 1);
  if (length < 4 || length - 4 > max_body) return {header_status::malformed, {}};
  return {header_status::complete, {static_cast<char>(bytes[0]), length - 4}};
}

struct whole_message {
  frame_header header;
  bytes_view body;
};

// The message at the front. Nothing: it is malformed, or not all of it is there.
inline std::optional<whole_message> read_whole_message(bytes_view bytes) {
  const auto [status, header] = read_header(bytes);
  if (status != header_status::complete || header.size() > bytes.size()) return std::nullopt;
  return whole_message{header, bytes.subspan(header_size, header.body)};
}

}  // namespace pgweir::wire
