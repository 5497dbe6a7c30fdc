#include "config/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::config {

namespace {

std::vector<problem> in_file_order(std::vector<problem> found) {
  std::ranges::stable_sort(found, [](const problem& a, const problem& b) {
    return a.line != b.line ? a.line < b.line : a.text < b.text;
  });
  return found;
}

}  // namespace

std::string to_string(const problem& one) {
  if (one.line == 0) return fmt::format("{}: {}", one.file, one.text);
  return fmt::format("{}:{}: {}", one.file, one.line, one.text);
}

void report::add_problem(std::size_t line, std::string_view what, std::string_view advice) {
  problems_.push_back({file_, line, fmt::format("{}; {}", what, advice)});
}

void report::add_warning(std::size_t line, std::string_view what, std::string_view advice) {
  warnings_.push_back({file_, line, fmt::format("{}; {}", what, advice)});
}

std::vector<problem> report::problems() const { return in_file_order(problems_); }

std::vector<std::string> report::warnings() const {
  std::vector<std::string> lines;
  for (const problem& one : in_file_order(warnings_)) lines.push_back(to_string(one));
  return lines;
}

}  // namespace pgweir::config
