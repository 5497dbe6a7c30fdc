#include "pool/profile_set.hpp"

#include <functional>
#include <string>
#include <utility>

namespace pgweir::pool {
namespace {

std::size_t hash_of(const profile& startup) {
  std::size_t combined = 0;
  const auto add = [&combined](const std::string& text) {
    combined = combined * 31 + std::hash<std::string>{}(text);
  };
  add(startup.options);
  add(startup.replication);
  for (const auto& [name, value] : startup.settings) {
    add(name);
    add(value);
  }
  return combined;
}

}  // namespace

shared_profile profile_set::intern(profile startup) {
  const auto hash = hash_of(startup);
  const auto [begin, end] = known_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    auto known = at->second.lock();
    if (known != nullptr && *known == startup) return known;
  }
  auto made = std::make_shared<const profile>(std::move(startup));
  known_.emplace(hash, made);
  return made;
}

void profile_set::forget_unused() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace pgweir::pool
