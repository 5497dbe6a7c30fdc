#include "bench/simulated_pool.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::bench {

namespace policy = pool::policy;
namespace {

using namespace std::chrono_literals;

simulated_unit take_first(std::deque<simulated_unit>& line) {
  const auto first = line.front();
  line.pop_front();
  return first;
}

}  // namespace

simulated_pool::simulated_pool(const config::pool_settings& settings, simulated_turns& turns)
    : settings_(settings), turns_(turns), backends_(settings.size) {}

void simulated_pool::acquire(simulated_unit unit, nanoseconds now) {
  now_ = unit.ticket = now;
  unit.may_share = unit.may_share && settings_.multiplex != config::multiplex::off;
  if (unit.may_share) {
    demand_.note(now);
    if (lane_line_.empty() && seat(unit)) return;
  } else if (lease_line_.empty()) {
    auto* idle = idle_one();
    if (idle != nullptr && may_lease(nanoseconds::max())) return grant(*idle, unit);
  }
  (unit.may_share ? lane_line_ : lease_line_).push_back(unit);
  serve();
}

bool simulated_pool::seat(const simulated_unit& unit) {
  const bool crowded = note_crowd();
  auto* lane = lane_for(unit);
  auto* idle = idle_one();
  const policy::unit_snapshot seen{.idle_fits = idle != nullptr,
                                   .lane_fits = lane != nullptr,
                                   .crowded = crowded,
                                   .lanes = count(use::lane),
                                   .packed_lanes = tuner_.lanes(policy::most_lanes(settings_))};
  switch (policy::place_unit(seen, settings_)) {
    case policy::place::idle_backend:
      join(*idle, unit, true);
      return true;
    case policy::place::lane:
      join(*lane, unit, false);
      return true;
    case policy::place::none:
      break;
  }
  return false;
}

bool simulated_pool::note_crowd() {
  std::size_t queued = lane_line_.size() + lease_line_.size() + 1;
  for (const auto& one : backends_) queued += one.load.depth;
  crowd_ = policy::decayed_peak(crowd_, queued + count(use::lease));
  const bool crowded = policy::is_crowded(crowd_, settings_.size);
  if (crowded) tuner_.observe(now_, queued, policy::most_lanes(settings_));
  return crowded;
}

void simulated_pool::serve() {
  while (hand_out_one() || seat_one()) {
  }
  make_room();
}

// To the oldest one that may have it.
bool simulated_pool::hand_out_one() {
  auto* idle = idle_one();
  if (idle == nullptr) return false;
  const bool lane = !lane_line_.empty() && count(use::lane) < policy::most_lanes(settings_);
  const bool lease = !lease_line_.empty() && may_lease(lease_line_.front().ticket);
  if (!lane && !lease) return false;
  if (lane && !(lease && lease_line_.front().ticket < lane_line_.front().ticket))
    join(*idle, take_first(lane_line_), true);
  else
    grant(*idle, take_first(lease_line_));
  return true;
}

bool simulated_pool::seat_one() {
  if (lane_line_.empty()) return false;
  auto* lane = lane_for(lane_line_.front());
  if (lane == nullptr) return false;
  join(*lane, take_first(lane_line_), false);
  return true;
}

void simulated_pool::make_room() {
  patience_ends_ = nanoseconds::max();
  if (lease_line_.empty()) return;
  const auto view = lease_view(lease_line_.front().ticket);
  if (policy::keeps_lane(view)) patience_ends_ = now_ + pool::lane_demand::worth_of_one;
  if (!policy::must_drain_one(view)) return;
  simulated_backend* least = nullptr;
  for (auto& one : backends_) {
    if (one.used_as != use::lane) continue;
    if (policy::will_end_soon(one.load, now_, settings_)) return;
    if (!one.load.draining && (least == nullptr || one.load.expected < least->load.expected)) least = &one;
  }
  least->load.draining = true;
}

void simulated_pool::join(simulated_backend& lane, const simulated_unit& unit, bool begins) {
  if (begins) {
    lane.used_as = use::lane;
    lane.load = {};
    lane.looks_at_head = now_ + policy::stall_limit(settings_);
  }
  ++lane.load.depth;
  lane.load.expected += unit.expected;
  put(lane, unit);
}

void simulated_pool::grant(simulated_backend& given, const simulated_unit& unit) {
  given.used_as = use::lease;
  put(given, unit);
}

void simulated_pool::put(simulated_backend& on, const simulated_unit& unit) {
  on.units.push_back(unit);
  if (on.units.size() > 1) return;
  on.load.head_since = now_;
  turns_.begin(on, true);
}

void simulated_pool::answered(simulated_backend& on, nanoseconds now) {
  now_ = now;
  const auto done = on.units.front();
  on.units.pop_front();
  if (on.used_as == use::lease) {
    if (!lane_line_.empty() || !lease_line_.empty()) last_lease_end_ = now;
  } else {
    --on.load.depth;
    on.load.expected -= done.expected;
  }
  if (!on.units.empty()) {
    on.load.head_since = now;
    turns_.begin(on, false);
  } else {
    on.used_as = use::idle;
    on.load = {};
    on.looks_at_head = nanoseconds::max();
  }
  if (!lane_line_.empty() || !lease_line_.empty()) serve();
}

void simulated_pool::tick(nanoseconds now) {
  now_ = now;
  for (auto& one : backends_)
    if (one.looks_at_head <= now) look_at_head(one);
  if (patience_ends_ <= now) serve();
}

nanoseconds simulated_pool::next_tick() const {
  auto next = patience_ends_;
  for (const auto& one : backends_) next = std::min(next, one.looks_at_head);
  return next;
}

// Those behind a stuck head go elsewhere, each with a lease.
void simulated_pool::look_at_head(simulated_backend& lane) {
  const auto limit = policy::stall_limit(settings_);
  lane.looks_at_head = now_ + limit;
  if (now_ - lane.load.head_since < limit) return;
  lane.load.draining = true;
  while (lane.units.size() > 1) {
    auto unit = lane.units[1];
    lane.units.erase(lane.units.begin() + 1);
    --lane.load.depth;
    lane.load.expected -= unit.expected;
    unit.may_share = false;
    unit.ticket = now_;
    lease_line_.push_back(unit);
  }
  serve();
}

simulated_backend* simulated_pool::idle_one() {
  const auto found = std::find_if(backends_.begin(), backends_.end(),
                                  [](const auto& one) { return one.used_as == use::idle; });
  return found == backends_.end() ? nullptr : &*found;
}

simulated_backend* simulated_pool::lane_for(const simulated_unit& unit) {
  simulated_backend* best = nullptr;
  auto to_fill = tuner_.lanes(policy::most_lanes(settings_));
  for (auto& one : backends_) {
    if (one.used_as != use::lane) continue;
    if (to_fill == 0 && best != nullptr) break;
    if (to_fill > 0) --to_fill;
    if (best != nullptr && one.load.expected >= best->load.expected) continue;
    if (policy::has_room(one.load, unit.expected, now_, settings_)) best = &one;
  }
  return best;
}

std::size_t simulated_pool::count(use what) const {
  return static_cast<std::size_t>(std::count_if(backends_.begin(), backends_.end(),
                                                [&](const auto& one) { return one.used_as == what; }));
}

std::size_t simulated_pool::lanes_open() const {
  return static_cast<std::size_t>(std::count_if(backends_.begin(), backends_.end(), [](const auto& one) {
    return one.used_as == use::lane && !one.load.draining;
  }));
}

bool simulated_pool::may_lease(nanoseconds ticket) const {
  return count(use::idle) - 1 + lanes_open() > 0 || !policy::keeps_lane(lease_view(ticket));
}

policy::lease_snapshot simulated_pool::lease_view(nanoseconds ticket) const {
  return {.open = backends_.size(),
          .lanes = lanes_open(),
          .lanes_wanted = !lane_line_.empty() || demand_.is_worth_a_backend(now_),
          .waited = now_ - ticket,
          .since_lease_end = now_ - last_lease_end_};
}

}  // namespace pgweir::bench
