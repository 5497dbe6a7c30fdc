#include "proxy/listen/listen_desk.hpp"

#include <utility>

namespace pgweir::proxy {

listen_desk::listen_desk(listen_directory& all, std::size_t worker, io::loop& loop, sender_ids& senders,
                         backend_resets& resets, std::string_view statement_prefix)
    : all_(all),
      worker_(worker),
      loop_(loop),
      senders_(senders),
      resets_(resets),
      statement_prefix_(statement_prefix) {
  all_.join(worker, loop, *this);
}

listen_desk::~listen_desk() { all_.leave(worker_); }

listen_branch* listen_desk::find(pool::pool& served, const pool::profile& startup) {
  const auto place = all_.find(key_of(served, startup));
  return place ? &branch_of(*place, served) : nullptr;
}

listen_branch* listen_desk::open(pool::pool& served, const pool::shared_profile& startup, pool::lease& given,
                                 const std::vector<std::string>& channels) {
  const auto place = all_.open(key_of(served, *startup), worker_, served.settings().size);
  if (!place) return nullptr;
  auto made = std::make_unique<listen_hub>(
      listen_hub_deps{all_, senders_, resets_, statement_prefix_, loop_, served, startup, *place});
  made->begin(std::move(given), worker_, channels);
  hubs_.emplace(place->id, std::move(made));
  return &branch_of(*place, served);
}

listen_branch& listen_desk::branch_of(hub_place hub, pool::pool& served) {
  auto& branch = branches_[hub.id];
  if (branch == nullptr) branch = std::make_unique<listen_branch>(all_, worker_, hub, served.instruments());
  return *branch;
}

core::notification_rules& listen_desk::names_for(const std::string& database) {
  return names_.try_emplace(database, senders_, database).first->second;
}

listen_hub* listen_desk::hub(std::uint64_t id) {
  const auto at = hubs_.find(id);
  return at == hubs_.end() || at->second->is_over() ? nullptr : at->second.get();
}

// One that has gone meanwhile says so.
void listen_desk::ask_hub(std::uint64_t id, std::size_t by, const std::vector<std::string>& channels,
                          std::uint64_t request) {
  if (auto* one = hub(id); one != nullptr) return one->listen(by, channels, request);
  all_.post(by, [id](listen_desk& desk) { desk.take_events(id, {{.what = hub_event::kind::closed}}); });
}

void listen_desk::take_events(std::uint64_t hub, const hub_events& said) {
  const auto at = branches_.find(hub);
  if (at == branches_.end()) return;
  for (const auto& one : said) at->second->on_event(one);
  if (at->second->is_over()) branches_.erase(at);
}

}  // namespace pgweir::proxy
