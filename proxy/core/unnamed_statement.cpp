#include "proxy/core/unnamed_statement.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {

std::uint64_t unnamed_statement::set(wire::bytes_view text_and_types, wire::sql_traits traits,
                                     std::string& spare, std::size_t reserved) {
  version next{.serial = changes_.next(),
               .exists = true,
               .traits = traits,
               .text_and_types = std::move(spare),
               .reserved = reserved};
  next.text_and_types.assign(wire::as_text(text_and_types));
  spare.clear();
  versions_.push_back(std::move(next));
  return changes_.last();
}

std::uint64_t unnamed_statement::set_deallocate(wire::bytes_view text_and_types, std::string name) {
  versions_.push_back({.serial = changes_.next(),
                       .exists = true,
                       .text_and_types = std::string(wire::as_text(text_and_types)),
                       .deallocates = std::move(name)});
  return changes_.last();
}

std::uint64_t unnamed_statement::set_large(wire::sql_traits traits) {
  versions_.push_back({.serial = changes_.next(), .exists = true, .is_large = true, .traits = traits});
  return changes_.last();
}

std::uint64_t unnamed_statement::set_shared(shared_statement made, std::uint64_t since) {
  const auto traits = made->traits;
  versions_.push_back(
      {.serial = changes_.next(), .exists = true, .traits = traits, .made = std::move(made), .since = since});
  return changes_.last();
}

std::uint64_t unnamed_statement::drop() {
  // A drop still under way may yet be taken back.
  if (empty()) return 0;
  versions_.push_back({.serial = changes_.next(), .exists = false});
  return changes_.last();
}

void unnamed_statement::confirm(std::uint64_t serial, std::string& spare) {
  while (!empty() && versions_[first_].serial < serial) drop_front(spare);
  if (first_ + 1 == versions_.size() && !versions_[first_].exists) drop_front(spare);
}

// A pipeline confirms one version after the other: so the places of those that are gone are used again only
// when they are the larger part.
void unnamed_statement::drop_front(std::string& spare) {
  forget(versions_[first_]);
  auto& gone = versions_[first_].text_and_types;
  if (spare.capacity() < gone.capacity()) spare = std::move(gone);
  ++first_;
  if (first_ * 2 < versions_.size()) return;
  versions_.erase(versions_.begin(), versions_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void unnamed_statement::undo(std::uint64_t serial) {
  const auto from = versions_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto is_meant = [serial](const version& one) { return one.serial == serial; };
  std::for_each(from, versions_.end(), [&](const version& one) {
    if (is_meant(one)) forget(one);
  });
  versions_.erase(std::remove_if(from, versions_.end(), is_meant), versions_.end());
}

void unnamed_statement::fail(std::uint64_t serial) {
  for (auto i = first_; i < versions_.size(); ++i)
    if (versions_[i].serial <= serial) forget(versions_[i]);
  std::erase_if(versions_, [serial](const version& one) { return one.serial <= serial; });
  first_ = 0;
}

}  // namespace pgweir::core
