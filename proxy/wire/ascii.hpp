// proxy/wire/ascii.hpp - letters without their case, whatever the locale; other bytes are let alone, as
// PostgreSQL does in the encodings that have more than one byte.
#pragma once

namespace pgweir::wire {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace pgweir::wire
