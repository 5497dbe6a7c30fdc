#include "pool/backend_set.hpp"

namespace pgweir::pool {

metrics::gauge& backend_set::gauge_of(backend_state state) {
  switch (state) {
    case backend_state::idle:
      return instruments_.servers[metrics::server_state::idle];
    case backend_state::lent:
    case backend_state::lane:
      return instruments_.servers[metrics::server_state::active];
    case backend_state::being_canceled:
      break;
  }
  return instruments_.servers[metrics::server_state::being_canceled];
}

void backend_set::count(backend_state state, int step) {
  gauge_of(state).add(step);
  if (state == backend_state::lane) instruments_.lanes.add(step);
}

backend& backend_set::add(std::unique_ptr<backend> made, backend_state state) {
  auto& target = lists_[index_of(state)];
  target.push_back(std::move(made));
  auto& one = *target.back();
  one.place = std::prev(target.end());
  one.state = state;
  count(state, 1);
  return one;
}

void backend_set::move(backend& one, backend_state state, bool at_front) {
  auto& target = lists_[index_of(state)];
  target.splice(at_front ? target.begin() : target.end(), lists_[index_of(one.state)], one.place);
  count(one.state, -1);
  one.state = state;
  count(state, 1);
}

std::unique_ptr<backend> backend_set::take_out(backend& one) {
  auto& source = lists_[index_of(one.state)];
  auto taken = std::move(*one.place);
  source.erase(one.place);
  count(one.state, -1);
  return taken;
}

backend* backend_set::idle_with(const shared_profile& wanted, const void* session_settings) {
  auto& idle = lists_[index_of(backend_state::idle)];
  backend* found = nullptr;
  for (auto at = idle.rbegin(); at != idle.rend(); ++at) {
    if (!is_same((*at)->started_with(), wanted)) continue;
    if ((*at)->session_settings == session_settings) return at->get();
    if (found == nullptr) found = at->get();
  }
  return found;
}

backend* backend_set::oldest_idle() {
  auto& idle = lists_[index_of(backend_state::idle)];
  return idle.empty() ? nullptr : idle.front().get();
}

backend* backend_set::find(std::uint64_t id) {
  for (auto& one_list : lists_)
    for (auto& one : one_list)
      if (one->id() == id) return one.get();
  return nullptr;
}

std::size_t backend_set::count_with(const shared_profile& wanted) const {
  std::size_t count = 0;
  for (const auto& one_list : lists_)
    for (const auto& one : one_list) count += is_same(one->started_with(), wanted) ? 1 : 0;
  return count;
}

std::size_t backend_set::size() const {
  std::size_t total = 0;
  for (const auto& one_list : lists_) total += one_list.size();
  return total;
}

}  // namespace pgweir::pool
