// The part of worker_pool that has lanes: which unit shares which backend, and when a lane has to end.
#include "pool/lane_policy.hpp"
#include "pool/worker_pool.hpp"

#include <algorithm>

namespace pgweir::pool {
namespace {

std::chrono::nanoseconds now_in_line() { return io::clock::now().time_since_epoch(); }

// Lanes that take units.
std::size_t lanes_open(const backend_set::list& lanes) {
  return static_cast<std::size_t>(
      std::count_if(lanes.begin(), lanes.end(), [](const auto& one) { return !one->load.draining; }));
}

}  // namespace

// A place for a unit that may share, if there is one at once.
bool worker_pool::seat(waiter& who, const shared_profile& startup, const lane_wish& wish, bool may_begin) {
  const bool crowded = note_crowd(wish.asked_at);
  auto* lane = lane_for(who, startup, wish, wish.asked_at);
  auto* idle = may_begin ? set_.idle_with(startup, who.session_settings()) : nullptr;
  const policy::unit_snapshot now{.idle_fits = idle != nullptr,
                                  .lane_fits = lane != nullptr,
                                  .crowded = crowded,
                                  .lanes = working_lanes(wish.asked_at),
                                  .packed_lanes = tuner_.lanes(policy::most_lanes(settings()))};
  switch (policy::place_unit(now, settings())) {
    case policy::place::idle_backend:
      join(who, *idle, wish.expected, true);
      return true;
    case policy::place::lane:
      if (may_begin && policy::wants_another_lane(now, settings())) open_another(startup);
      join(who, *lane, wish.expected, false);
      return true;
    case policy::place::none:
      break;
  }
  return false;
}

// Without those whose head is stuck: they are as good as lent to it.
std::size_t worker_pool::working_lanes(std::chrono::nanoseconds now) const {
  const auto& lanes = set_.in(backend_state::lane);
  return static_cast<std::size_t>(std::count_if(lanes.begin(), lanes.end(), [&](const auto& one) {
    return !one->load.draining || policy::will_end_soon(one->load, now, settings());
  }));
}

bool worker_pool::may_begin_lane() const {
  const auto most = policy::most_lanes(settings());
  return set_.in(backend_state::lane).size() < most || working_lanes(now_in_line()) < most;
}

// One at a time, and nobody waits for it.
void worker_pool::open_another(const shared_profile& startup) {
  if (connector_.is_backing_off() || !connector_.under_way().empty()) return;
  if (shared_->open() < settings().size && shared_->try_open(settings().size)) connector_.open(startup);
}

// The same for the oldest one in the line.
bool worker_pool::seat_one() {
  auto* next = line_.first_for_lane();
  if (next == nullptr) return false;
  const auto wish = *waiting_line::wish_of(*next);
  auto* lane = lane_for(*next, waiting_line::profile_of(*next), wish, now_in_line());
  if (lane == nullptr) return false;
  line_.remove(*next);
  join(*next, *lane, wish.expected, false);
  return true;
}

// The lane with room that is expected to be done first; of those that are to be filled at present, if one of
// them has room.
backend* worker_pool::lane_for(const waiter& who, const shared_profile& startup, const lane_wish& wish,
                               std::chrono::nanoseconds now) {
  backend* best = nullptr;
  auto to_fill = tuner_.lanes(policy::most_lanes(settings()));
  for (const auto& one : set_.in(backend_state::lane)) {
    if (to_fill == 0 && best != nullptr) break;
    if (to_fill > 0) --to_fill;
    if (best != nullptr && one->load.expected >= best->load.expected) continue;
    if (policy::has_room(one->load, wish.expected, now, settings()) &&
        is_same(one->started_with(), startup) && one->session_settings == who.session_settings() &&
        one->application_name == wish.application_name)
      best = one.get();
  }
  return best;
}

void worker_pool::join(waiter& who, backend& lane, std::chrono::nanoseconds expected, bool begins) {
  if (begins) {
    set_.move(lane, backend_state::lane);
    publish_idle();
    lane.load = {};
  }
  instruments_.lane_depth.observe(lane.load.depth);
  ++lane.load.depth;
  lane.load.expected += expected;
  ++lane_units_;
  who.on_lane(lane, begins);
}

// A unit has come that may share. Whether more are under way than there are backends.
bool worker_pool::note_crowd(std::chrono::nanoseconds now) {
  const auto units = lane_units_ + line_.wishing_lane() + 1;
  const auto leases = set_.in(backend_state::lent).size() + line_.size() - line_.wishing_lane();
  crowd_ = policy::decayed_peak(crowd_, units + leases);
  const bool crowded =
      policy::is_crowded(crowd_, std::max<std::size_t>(1, settings().size / shared_->workers()));
  if (crowded) tuner_.observe(now, units, policy::most_lanes(settings()));
  return crowded;
}

void worker_pool::units_left(backend& lane, std::size_t units, std::chrono::nanoseconds expected) {
  lane.load.depth -= units;
  lane.load.expected -= expected;
  lane_units_ -= units;
  if (lane.load.depth > 0) {
    if (!line_.empty() || shared_->longest_waiting_elsewhere(worker_)) serve();
    return;
  }
  lane.set_user(nullptr);
  lane.resume_reading();
  if (closing_ || !lane.is_open() || lane.unsent() > 0) {
    close(lane, closing_ ? metrics::close_reason::idle : metrics::close_reason::dirty);
    return serve();
  }
  if (lane.cancels_in_flight > 0)
    set_.move(lane, backend_state::being_canceled);
  else
    make_available(lane);
}

void worker_pool::drain_lane(backend& lane) { lane.load.draining = true; }

void worker_pool::drop_lane(backend& lane, metrics::close_reason why) {
  lane_units_ -= lane.load.depth;
  lane.hang_up();
  close(lane, why);
  serve();
}

policy::lease_snapshot worker_pool::lease_view(std::chrono::nanoseconds ticket) const {
  const auto now = now_in_line();
  return {.open = set_.size(),
          .lanes = lanes_open(set_.in(backend_state::lane)),
          .lanes_wanted = line_.first_for_lane() != nullptr || demand_.is_worth_a_backend(now),
          .waited = now - ticket,
          .since_lease_end = now - last_lease_end_.time_since_epoch()};
}

// Whether this one, rather than somebody behind it, may have the idle backend.
bool worker_pool::may_have(const waiter& who, const backend& offered) const {
  if (!is_same(waiting_line::profile_of(who), offered.started_with())) return false;
  if (waiting_line::wish_of(who)) return may_begin_lane();
  return may_lease(waiting_line::ticket_of(who));
}

bool worker_pool::may_lease(std::chrono::nanoseconds ticket) const {
  // Nearly always there is more than one; then no clock needs to be asked.
  const auto left_to_lanes =
      set_.in(backend_state::idle).size() - 1 + lanes_open(set_.in(backend_state::lane));
  return left_to_lanes > 0 || !policy::keeps_lane(lease_view(ticket));
}

// Somebody waits for a backend while lanes have them all: one lane ends as soon as its units are answered.
void worker_pool::make_room_for_leases() {
  const auto* own = line_.first_for_lease();
  const auto elsewhere = shared_->longest_waiting_elsewhere(worker_);
  if (own == nullptr && !elsewhere) return;
  if (shared_->open() < settings().size && !connector_.is_backing_off()) return;
  auto ticket = own != nullptr ? waiting_line::ticket_of(*own) : elsewhere->ticket;
  if (elsewhere) ticket = std::min(ticket, elsewhere->ticket);
  const auto view = lease_view(ticket);
  if (policy::keeps_lane(view)) loop_.timer.arm(*this, io::clock::now() + lane_demand::worth_of_one);
  if (!policy::must_drain_one(view)) return;
  backend* least = nullptr;
  for (const auto& one : set_.in(backend_state::lane)) {
    if (policy::will_end_soon(one->load, now_in_line(), settings())) return;
    if (!one->load.draining && (least == nullptr || one->load.expected < least->load.expected))
      least = one.get();
  }
  drain_lane(*least);
}

}  // namespace pgweir::pool
