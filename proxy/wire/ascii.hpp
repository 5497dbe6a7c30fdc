// proxy/wire/ascii.hpp - what bytes of an SQL text are, whatever the locale; letters without their case.
// Bytes beyond ASCII are letters of identifiers and are let alone, as PostgreSQL does in the encodings that
// have more than one byte.
#pragma once

namespace pgweir::wire {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool starts_identifier(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || (static_cast<unsigned char>(c) & 0x80u) != 0;
}
constexpr bool continues_identifier(char c) { return starts_identifier(c) || is_digit(c) || c == '$'; }

}  // namespace pgweir::wire
