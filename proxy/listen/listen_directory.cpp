#include "proxy/listen/listen_directory.hpp"

namespace pgweir::proxy {

hub_key key_of(const pool::pool& served, const pool::profile& startup) {
  hub_key key{{served.database(), served.user()}, startup.options};
  for (const auto& [name, value] : startup.settings) key.startup += '\0' + name + '\0' + value;
  return key;
}

std::optional<hub_place> listen_directory::find(const hub_key& key) const {
  const std::lock_guard lock{mutex_};
  const auto of_pool = hubs_.find(key.pool);
  if (of_pool == hubs_.end()) return std::nullopt;
  const auto at = of_pool->second.find(key.startup);
  return at == of_pool->second.end() ? std::nullopt : std::optional{at->second};
}

std::optional<hub_place> listen_directory::open(const hub_key& key, std::size_t home, std::size_t pool_size) {
  const std::lock_guard lock{mutex_};
  auto& of_pool = hubs_[key.pool];
  if (of_pool.contains(key.startup) || of_pool.size() + 1 >= pool_size) return std::nullopt;
  return of_pool[key.startup] = {++last_id_, home};
}

void listen_directory::close(const hub_key& key, std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  auto& of_pool = hubs_[key.pool];
  const auto at = of_pool.find(key.startup);
  if (at != of_pool.end() && at->second.id == id) of_pool.erase(at);
}

}  // namespace pgweir::proxy
