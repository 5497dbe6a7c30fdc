#include "proxy/greeting.hpp"

#include "proxy/wire/response.hpp"

namespace pgweir::proxy {
namespace {

// Clients choose their parameters: beyond this many, those that no session uses are forgotten.
constexpr std::size_t most_known = 1000;

pool::profile profile_of(const wire::startup_message& startup) {
  pool::profile made;
  made.options = startup.options;
  for (const auto& [name, value] : startup.parameters)
    if (name != "application_name") made.settings.emplace(name, value);
  if (startup.replication == wire::replication_kind::physical) made.replication = "true";
  if (startup.replication == wire::replication_kind::logical) made.replication = "database";
  return made;
}

std::string key_of(const pool::pool& target, const pool::profile& startup) {
  std::string key =
      target.database() + '\0' + target.user() + '\0' + startup.replication + '\0' + startup.options;
  for (const auto& [name, value] : startup.settings) key += '\0' + name + '\0' + value;
  return key;
}

}  // namespace

shared_greeting greetings::of(const pool::pool& target, const wire::startup_message& startup) {
  auto wanted = profile_of(startup);
  const auto key = key_of(target, wanted);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (known_.size() >= most_known) forget_unused();
  auto made = std::make_shared<greeting>();
  made->startup = pools_.intern(std::move(wanted));
  known_.emplace(key, made);
  return made;
}

void greetings::learn(greeting& about, const pool::backend& from) {
  if (from.connected_at() <= about.learnt_from) return;
  about.learnt_from = from.connected_at();
  about.parameters.clear();
  for (const auto& [name, value] : from.welcome().parameters)
    if (name != "application_name") wire::append_parameter_status(about.parameters, name, value);
}

void greetings::forget_unused() {
  std::erase_if(known_, [](const auto& one) { return one.second.use_count() == 1; });
}

}  // namespace pgweir::proxy
