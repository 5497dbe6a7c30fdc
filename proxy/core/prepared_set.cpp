#include "proxy/core/prepared_set.hpp"

namespace pgweir::core {

bool prepared_set::use(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return true;
}

void prepared_set::add(std::uint64_t id, const std::string& server_name) {
  const auto serial = changes_.next();
  if (use(id)) {
    by_use_.front().added = serial;
    return;
  }
  by_use_.push_front({id, server_name, serial});
  by_id_.emplace(id, by_use_.begin());
}

bool prepared_set::in_doubt(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return changes_.in_doubt(found == by_id_.end() ? last_eviction_ : found->second->added);
}

void prepared_set::remove(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  by_use_.erase(found->second);
  by_id_.erase(found);
}

void prepared_set::clear() {
  by_use_.clear();
  by_id_.clear();
}

std::optional<prepared_set::known> prepared_set::evict_beyond(std::size_t limit) {
  if (by_use_.size() <= limit) return std::nullopt;
  auto oldest = std::move(by_use_.back());
  by_id_.erase(oldest.id);
  by_use_.pop_back();
  last_eviction_ = changes_.next();
  return oldest;
}

}  // namespace pgweir::core
