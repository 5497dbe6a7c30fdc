// config/units.hpp - durations and sizes as an operator writes them.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace pgweir::config {

inline constexpr std::string_view duration_units = "ms, s, min, h, d";
inline constexpr std::string_view size_units = "B, kB, MB, GB, KiB, MiB, GiB";

// "250ms", "15s", "1h": a whole number and one of duration_units; zero needs no unit. At most ten thousand
// days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "64MiB", "512kB": a whole number and one of size_units. As in PostgreSQL, kB, MB and GB are powers of 1024,
// too.
std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace pgweir::config
