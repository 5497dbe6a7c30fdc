// metrics/utf8.hpp - names and messages come from strangers; what pgweir prints must be valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgweir::metrics {

// Bytes of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_sequence_length(std::string_view text);

// The text with every byte that belongs to no well-formed sequence replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// A label value: valid UTF-8 of at most 63 bytes (the length of a PostgreSQL name), cut between characters
// and followed by "..." when it was longer.
std::string bounded_label(std::string_view text);

}  // namespace pgweir::metrics
