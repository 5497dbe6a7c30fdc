#include "proxy/greeting.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/response.hpp"

#include <algorithm>

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

// The names of PostgreSQL's timeouts for open transactions. In `options` a - may stand for a _.
bool may_limit_transactions(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), wire::lower);
  return text.find("transaction") != std::string::npos && text.find("timeout") != std::string::npos;
}

bool may_limit_transactions(const pool::profile& startup) {
  return may_limit_transactions(startup.options) ||
         std::any_of(startup.settings.begin(), startup.settings.end(),
                     [](const auto& one) { return may_limit_transactions(one.first); });
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
  made->limits_transactions = may_limit_transactions(wanted);
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
  about.server_takes_writes =
      std::any_of(from.welcome().parameters.begin(), from.welcome().parameters.end(),
                  [](const auto& one) { return one.first == "in_hot_standby" && one.second == "off"; });
}

void greetings::forget_unused() {
  std::erase_if(known_, [](const auto& one) { return one.second.use_count() == 1; });
}

}  // namespace pgweir::proxy
