#include "proxy/core/prepared_set.hpp"

#include <algorithm>

namespace pgweir::core {

bool prepared_set::use(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return true;
}

void prepared_set::distrust(std::uint64_t id) {
  if (const auto found = by_id_.find(id); found != by_id_.end()) found->second->stale = true;
}

void prepared_set::distrust_all() {
  for (auto& one : by_use_) one.stale = true;
}

bool prepared_set::is_stale(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found != by_id_.end() && found->second->stale;
}

void prepared_set::insert(known one) {
  by_use_.push_front(std::move(one));
  by_id_[by_use_.front().id] = by_use_.begin();
}

void prepared_set::erase(std::list<known>::iterator gone) {
  by_id_.erase(gone->id);
  by_use_.erase(gone);
}

std::uint64_t prepared_set::add(std::uint64_t id, const std::string& server_name, std::uint64_t parsed) {
  const auto serial = changes_.next();
  if (use(id)) {
    by_use_.front().added = serial;
    by_use_.front().parsed = parsed;
    by_use_.front().shape = 0;
  } else {
    insert({id, server_name, serial, parsed});
  }
  return serial;
}

std::uint64_t prepared_set::added(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? 0 : found->second->added;
}

std::uint64_t prepared_set::parsed(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? 0 : found->second->parsed;
}

std::uint64_t prepared_set::shape(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? 0 : found->second->shape;
}

void prepared_set::note_shape(std::uint64_t id, std::uint64_t shape) {
  if (const auto found = by_id_.find(id); found != by_id_.end()) found->second->shape = shape;
}

void prepared_set::undo_add(std::uint64_t id, std::uint64_t serial) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end() && found->second->added == serial) erase(found->second);
  for (auto& one : removing_)
    if (one.was.added == serial) one.was.added = 0;
}

const prepared_set::removal& prepared_set::close(std::uint64_t id) {
  const auto place = by_id_.at(id);
  last_removal_ = changes_.next();
  removing_.push_back({*place, last_removal_});
  erase(place);
  return removing_.back();
}

const prepared_set::removal* prepared_set::evict_beyond(std::size_t limit) {
  return by_use_.size() > limit ? &close(by_use_.back().id) : nullptr;
}

const prepared_set::removal* prepared_set::close_again(std::uint64_t id) {
  const auto found = std::find_if(removing_.rbegin(), removing_.rend(),
                                  [id](const removal& one) { return one.was.id == id; });
  if (found == removing_.rend()) return nullptr;
  last_removal_ = changes_.next();
  auto again = *found;
  again.serial = last_removal_;
  removing_.push_back(std::move(again));
  return &removing_.back();
}

// What the Closes behind it were to remove is gone, too.
void prepared_set::confirm_removal(std::uint64_t serial) {
  const auto done = find_removal(serial);
  if (done == removing_.end()) return;
  const auto added = done->was.added;
  removing_.erase(done);
  for (auto& one : removing_)
    if (one.was.added == added) one.was.added = 0;
}

// It is still there, but for a Close behind this one.
void prepared_set::undo_removal(std::uint64_t serial) {
  const auto found = find_removal(serial);
  if (found == removing_.end()) return;
  auto was = std::move(found->was);
  const auto behind = removing_.erase(found);
  if (was.added == 0) return;
  const auto next =
      std::find_if(behind, removing_.end(), [&was](const removal& one) { return one.was.id == was.id; });
  if (next != removing_.end())
    next->was = std::move(was);
  else if (!by_id_.contains(was.id))
    insert(std::move(was));
}

std::vector<prepared_set::removal>::iterator prepared_set::find_removal(std::uint64_t serial) {
  return std::find_if(removing_.begin(), removing_.end(),
                      [serial](const removal& one) { return one.serial == serial; });
}

void prepared_set::clear_before(std::uint64_t serial) {
  std::erase_if(removing_, [serial](const removal& one) { return one.was.added < serial; });
  for (auto at = by_use_.begin(); at != by_use_.end();) {
    const auto next = std::next(at);
    if (at->added < serial) erase(at);
    at = next;
  }
}

bool prepared_set::is_of_this_unit(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found != by_id_.end() && changes_.is_of_this_unit(found->second->added);
}

bool prepared_set::in_doubt(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return changes_.in_doubt(found == by_id_.end() ? last_removal_ : found->second->added);
}

}  // namespace pgweir::core
