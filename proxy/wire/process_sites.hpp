// proxy/wire/process_sites.hpp - where an SQL text that calls pg_terminate_backend or pg_cancel_backend says
// which process it means: their argument, and what a column pid is compared with. Judged by its tokens.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pgweir::wire {

// Functions that send a process a signal.
inline constexpr std::string_view ending_function = "pg_terminate_backend";
inline constexpr std::array<std::string_view, 2> signalling_functions{ending_function, "pg_cancel_backend"};

struct process_site {
  std::size_t at = 0;  // of a number in the text, without the quotes that it may have
  std::size_t size = 0;
  std::int32_t process_id = 0;  // 0: a parameter says it
  std::size_t parameter = 0;    // from 1; 0: it is in the text
};

// In their order.
std::vector<process_site> find_process_sites(std::string_view text);

enum class process_signal : std::uint8_t { cancels, ends };
// The stronger one that the text calls a function for.
process_signal find_process_signal(std::string_view text);

// Decimal digits alone, of a positive number that a process id may be; else nothing.
std::optional<std::int32_t> read_process_id(std::string_view digits);

}  // namespace pgweir::wire
