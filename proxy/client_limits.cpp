#include "proxy/client_limits.hpp"

namespace pgweir::proxy {
namespace {

bool is_full(const std::map<std::string, std::size_t, std::less<>>& counts, std::string_view name,
             const std::optional<std::size_t>& limit) {
  const auto found = counts.find(name);
  return limit && (found == counts.end() ? 0 : found->second) >= *limit;
}

void decrease(std::map<std::string, std::size_t, std::less<>>& counts, std::string_view name) {
  const auto found = counts.find(name);
  if (--found->second == 0) counts.erase(found);
}

std::string reached(std::string_view table, std::string_view name, std::size_t limit) {
  return std::string(table) + (name.empty() ? "" : "." + std::string(name)) +
         ": clients = " + std::to_string(limit) + " is reached.";
}

}  // namespace

std::optional<std::string> client_limits::enter(std::string_view database, std::string_view user) {
  const auto* of_database = config::find_database(settings_, database);
  const auto* of_user = config::find_user(settings_, user);
  const std::scoped_lock hold(mutex_);
  if (all_ >= settings_.limits.clients) return reached("limits", "", settings_.limits.clients);
  if (of_database != nullptr && is_full(by_database_, database, of_database->clients))
    return reached("databases", database, *of_database->clients);
  if (of_user != nullptr && is_full(by_user_, user, of_user->clients))
    return reached("users", user, *of_user->clients);
  ++all_;
  ++by_database_[std::string(database)];
  ++by_user_[std::string(user)];
  return std::nullopt;
}

void client_limits::leave(std::string_view database, std::string_view user) {
  const std::scoped_lock hold(mutex_);
  --all_;
  decrease(by_database_, database);
  decrease(by_user_, user);
}

}  // namespace pgweir::proxy
