#include "config/units.hpp"

#include <charconv>
#include <cstdint>
#include <span>

namespace pgweir::config {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr unit milliseconds_per[]{
    {"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

constexpr unit bytes_per[]{{"B", 1},          {"kB", 1u << 10}, {"KiB", 1u << 10}, {"MB", 1u << 20},
                           {"MiB", 1u << 20}, {"GB", 1u << 30}, {"GiB", 1u << 30}};

constexpr std::uint64_t longest_duration = 10'000 * std::uint64_t{86'400'000};
constexpr std::uint64_t largest_size = std::uint64_t{1} << 50;

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const unit> units,
                                            std::uint64_t largest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() && number == 0) return 0;
  if (text.starts_with(' ')) text.remove_prefix(1);
  for (const unit& one : units) {
    if (text != one.name) continue;
    if (number > largest / one.factor) return std::nullopt;
    return number * one.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto count = parse_quantity(text, milliseconds_per, longest_duration);
  if (!count) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::chrono::milliseconds::rep>(*count)};
}

std::optional<std::size_t> parse_size(std::string_view text) {
  return parse_quantity(text, bytes_per, largest_size);
}

}  // namespace pgweir::config
