#include "proxy/core/profile_book.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace pgweir::core {
namespace {

std::size_t hash_of(const session_profile& one) {
  std::size_t sum = 0;
  const auto add = [&](std::string_view text) {
    sum = (sum ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15u;
  };
  for (const auto& [name, value] : one.settings) {
    add(name);
    add(value);
  }
  add(one.authorization);
  add(one.role);
  return sum;
}

}  // namespace

shared_session_profile profile_book::intern(session_profile&& made) {
  if (made.empty()) return nullptr;
  auto& entry = by_hash_[hash_of(made)];
  auto known = entry.lock();
  // Two with one hash have no identity in common with anybody: nothing worse.
  if (known != nullptr && *known == made) return known;
  known = std::make_shared<const session_profile>(std::move(made));
  entry = known;
  if (by_hash_.size() >= clean_at_) {
    std::erase_if(by_hash_, [](const auto& one) { return one.second.expired(); });
    clean_at_ = std::max<std::size_t>(64, 2 * by_hash_.size());
  }
  return known;
}

}  // namespace pgweir::core
