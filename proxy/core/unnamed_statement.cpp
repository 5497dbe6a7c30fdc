#include "proxy/core/unnamed_statement.hpp"

#include <algorithm>

namespace pgweir::core {

std::uint64_t unnamed_statement::set(wire::bytes_view text_and_types, bool deallocates, std::string& spare) {
  version next{.serial = changes_.next(),
               .exists = true,
               .deallocates = deallocates,
               .text_and_types = std::move(spare)};
  next.text_and_types.assign(wire::as_text(text_and_types));
  spare.clear();
  versions_.push_back(std::move(next));
  return changes_.last();
}

std::uint64_t unnamed_statement::set_large() {
  versions_.push_back({.serial = changes_.next(), .exists = true, .is_large = true, .text_and_types = {}});
  return changes_.last();
}

std::uint64_t unnamed_statement::drop() {
  // A drop still under way may yet be taken back.
  if (versions_.empty()) return 0;
  versions_.push_back({.serial = changes_.next(), .exists = false, .text_and_types = {}});
  return changes_.last();
}

void unnamed_statement::confirm(std::uint64_t serial, std::string& spare) {
  while (!versions_.empty() && versions_.front().serial < serial) {
    if (spare.capacity() < versions_.front().text_and_types.capacity())
      spare = std::move(versions_.front().text_and_types);
    versions_.erase(versions_.begin());
  }
  if (versions_.size() == 1 && !versions_.front().exists) versions_.clear();
}

void unnamed_statement::undo(std::uint64_t serial) {
  std::erase_if(versions_, [serial](const version& one) { return one.serial == serial; });
}

void unnamed_statement::fail(std::uint64_t serial) {
  std::erase_if(versions_, [serial](const version& one) { return one.serial <= serial; });
}

}  // namespace pgweir::core
