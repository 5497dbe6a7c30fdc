#include "proxy/core/unnamed_statement.hpp"

#include <algorithm>

namespace pgweir::core {

std::uint32_t unnamed_statement::set(wire::bytes_view text_and_types, bool deallocates, std::string& spare) {
  version next{.serial = ++last_serial_,
               .exists = true,
               .deallocates = deallocates,
               .text_and_types = std::move(spare)};
  next.text_and_types.assign(wire::as_text(text_and_types));
  spare.clear();
  versions_.push_back(std::move(next));
  return last_serial_;
}

std::uint32_t unnamed_statement::set_large() {
  versions_.push_back({.serial = ++last_serial_, .exists = true, .is_large = true, .text_and_types = {}});
  return last_serial_;
}

std::uint32_t unnamed_statement::drop() {
  if (versions_.empty() || !versions_.back().exists) return 0;
  versions_.push_back({.serial = ++last_serial_, .exists = false, .text_and_types = {}});
  return last_serial_;
}

void unnamed_statement::confirm(std::uint32_t serial, std::string& spare) {
  while (!versions_.empty() && versions_.front().serial < serial) {
    if (spare.capacity() < versions_.front().text_and_types.capacity())
      spare = std::move(versions_.front().text_and_types);
    versions_.erase(versions_.begin());
  }
  if (versions_.size() == 1 && !versions_.front().exists) versions_.clear();
}

void unnamed_statement::undo(std::uint32_t serial) {
  std::erase_if(versions_, [serial](const version& one) { return one.serial == serial; });
}

void unnamed_statement::fail(std::uint32_t serial) {
  std::erase_if(versions_, [serial](const version& one) { return one.serial <= serial; });
}

}  // namespace pgweir::core
