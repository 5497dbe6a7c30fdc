#include "metrics/instruments.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgweir::metrics {

namespace {

// PostgreSQL 15, Appendix A, in its order of sorting; the last one stands for everything else.
constexpr std::array<const char*, sqlstate_classes> names{
    "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21",   "22",
    "23", "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D",   "3F",
    "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX", "other"};
constexpr auto last_known = names.end() - 1;

}  // namespace

std::size_t sqlstate_class_index(const char* sqlstate) {
  const std::string_view wanted{sqlstate, 2};
  const auto found = std::lower_bound(names.begin(), last_known, wanted,
                                      [](const char* name, std::string_view key) { return name < key; });
  const auto entry = found != last_known && *found == wanted ? found : last_known;
  return static_cast<std::size_t>(entry - names.begin());
}

const char* sqlstate_class_name(std::size_t index) { return names[index]; }

}  // namespace pgweir::metrics
