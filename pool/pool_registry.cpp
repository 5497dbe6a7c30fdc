#include "pool/pool_registry.hpp"

#include <stdexcept>

namespace pgweir::pool {

pool_registry::pool_registry(const config::config& configuration, metrics::registry& instruments,
                             std::size_t workers)
    : configuration_(configuration), instruments_(instruments), workers_(workers) {}

std::shared_ptr<shared_pool> pool_registry::get(std::string_view database, std::string_view user) {
  const std::lock_guard lock{mutex_};
  auto& found = pools_[{std::string(database), std::string(user)}];
  if (found == nullptr) {
    const auto* database_settings = config::find_database(configuration_, database);
    const auto* user_settings = config::find_user(configuration_, user);
    if (database_settings == nullptr || user_settings == nullptr)
      throw std::invalid_argument("a pool was asked for that the configuration does not know");
    const auto settings = config::settings_of(configuration_, *database_settings, *user_settings);
    found = std::make_shared<shared_pool>(std::string(database), std::string(user), settings, workers_);
    auto& facts = instruments_.facts(database, user);
    facts.size.set(static_cast<std::int64_t>(settings.size));
    facts.min_size.set(static_cast<std::int64_t>(settings.min_size));
  }
  return found;
}

void pool_registry::vacate(const std::string& database) {
  const auto name = std::make_shared<const std::string>(database);
  const std::lock_guard lock{mutex_};
  for (const auto& [names, pool] : pools_) pool->vacate(name);
}

// The clock is asked under the lock, so that of two changes the later one stays.
void pool_registry::note_login_change() {
  const std::lock_guard lock{mutex_};
  const auto now = io::clock::now();
  for (const auto& [names, pool] : pools_) pool->note_login_change(now);
}

}  // namespace pgweir::pool
