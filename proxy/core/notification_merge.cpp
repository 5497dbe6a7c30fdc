#include "proxy/core/notification_merge.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace pgweir::core {
namespace {

bool is_same(const held_notification& a, const held_notification& b) { return *a.message == *b.message; }

}  // namespace

held_notifications merge(held_notifications from_hub, std::vector<own_notification> own) {
  held_notifications common;
  for (const auto& one : own)
    if (one.is_from_hub) common.push_back(one.what);
  auto next = std::search(from_hub.begin(), from_hub.end(), common.begin(), common.end(), is_same);
  const bool is_behind = next == from_hub.end();
  held_notifications all(std::make_move_iterator(from_hub.begin()), std::make_move_iterator(next));
  for (auto& one : own) {
    if (!one.is_from_hub)
      all.push_back(std::move(one.what));
    else if (!is_behind)
      all.push_back(std::move(*next++));
  }
  all.insert(all.end(), std::make_move_iterator(next), std::make_move_iterator(from_hub.end()));
  return all;
}

}  // namespace pgweir::core
