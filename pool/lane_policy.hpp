// pool/lane_policy.hpp - decides where a unit goes that may share a backend, and which lanes have to end
// because others need their backends.
//
// Few, full lanes are faster than many: a batch saves the server a sleep and a wake-up per query, and the
// proxy its system calls. But queueing behind others only pays when a unit would have to wait anyway. So as
// long as there is a backend for everybody each unit gets one to itself, and from then on lanes are packed.
// Pure functions of snapshots: no clock, no locks, no allocation.
#pragma once

#include "config/config.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pgweir::pool::policy {

using std::chrono::nanoseconds;

// How long a session waits for a lease, while no lease of the pool has ended, before the last lane makes
// room.
inline constexpr std::chrono::milliseconds lease_patience{100};

// With fewer backends than this no lane is kept while a session waits for a lease.
inline constexpr std::size_t least_to_keep_lane = 3;

// What waits and works on one lane.
struct lane_load {
  std::size_t depth = 0;     // units sent and not answered
  nanoseconds expected{};    // the sum of what they are expected to take
  nanoseconds head_since{};  // when its head got its turn; steady clock
  bool draining = false;     // takes no more: its backend is needed, or has become doubtful
};

// A head that has taken this long holds up those behind it: they are taken back and sent elsewhere.
constexpr nanoseconds stall_limit(const config::pool_settings& settings) {
  return std::max<nanoseconds>(settings.lane_expected_time, std::chrono::milliseconds{20});
}

// The same for units that share a Sync. While one of them waits for a lock, those of the others are held,
// too, which directly nobody would do: so it is much shorter than what a server waits before it looks for
// deadlocks (deadlock_timeout, by default 1 s).
inline constexpr std::chrono::milliseconds longest_batch{100};
constexpr nanoseconds batch_stall_limit(const config::pool_settings& settings) {
  return std::min<nanoseconds>(stall_limit(settings), longest_batch);
}

// Whether the head has had its turn for too long. An answer that has arrived and is not read yet is late by
// this process's own fault, if that does not go on.
constexpr bool is_stalled(nanoseconds since_turn, bool has_unread, nanoseconds limit) {
  return since_turn >= (has_unread ? 3 * limit : limit);
}

// The longest that a statement may take to share a lane at all.
constexpr nanoseconds longest_shared(const config::pool_settings& settings) {
  return nanoseconds{settings.lane_expected_time} / 20;
}

// Whether a unit expected to take `unit` may queue up there.
constexpr bool has_room(const lane_load& lane, nanoseconds unit, nanoseconds now,
                        const config::pool_settings& settings) {
  if (lane.draining || lane.depth >= settings.lane_depth) return false;
  if (lane.depth == 0) return true;
  const nanoseconds bound = settings.lane_expected_time;
  return lane.expected + unit <= bound && now - lane.head_since <= bound / 4;
}

// A lane that drains makes room, but not while its head is stuck.
constexpr bool will_end_soon(const lane_load& lane, nanoseconds now, const config::pool_settings& settings) {
  return lane.draining && now - lane.head_since < stall_limit(settings);
}

constexpr std::size_t most_lanes(const config::pool_settings& settings) {
  return settings.lanes == 0 ? settings.size : std::min(settings.lanes, settings.size);
}

// More units than backends: without lanes some would have to wait.
constexpr bool is_crowded(double units, std::size_t backends) {
  return units > static_cast<double>(backends);
}

// Units under way, as a peak that decays with every new one: a burst is remembered for some hundred units.
constexpr double decayed_peak(double peak, std::size_t under_way) {
  constexpr double keep = 1.0 - 1.0 / 256;
  return std::max(peak * keep, static_cast<double>(under_way));
}

enum class place { idle_backend, lane, none };

// What a unit sees that may share.
struct unit_snapshot {
  bool idle_fits = false;  // an idle backend is there for it
  bool lane_fits = false;  // a lane has room for it
  bool crowded = false;
  std::size_t lanes = 0;
  std::size_t packed_lanes = 1;  // that a crowded pool fills before it begins another one
};

constexpr place place_unit(const unit_snapshot& now, const config::pool_settings& settings) {
  const bool may_begin = now.idle_fits && now.lanes < most_lanes(settings);
  const bool packs = now.crowded && now.lanes >= std::min(now.packed_lanes, most_lanes(settings));
  if (may_begin && !(packs && now.lane_fits)) return place::idle_backend;
  return now.lane_fits ? place::lane : place::none;
}

// Whether to connect another backend that can be a lane.
constexpr bool wants_another_lane(const unit_snapshot& now, const config::pool_settings& settings) {
  const auto wanted = now.crowded ? std::min(now.packed_lanes, most_lanes(settings)) : most_lanes(settings);
  return !now.idle_fits && now.lanes < wanted;
}

// What decides between a session that waits for a lease and the lanes.
struct lease_snapshot {
  std::size_t open = 0;           // connected, this worker
  std::size_t lanes = 0;          // of them, those that take units
  bool lanes_wanted = false;      // units that may share keep coming (lane_demand), or one waits
  nanoseconds waited{};           // the session; negative: it has just come
  nanoseconds since_lease_end{};  // of any lease of the pool on this worker
};

// Whether one backend is left to the lanes, so that short reads do not queue up behind long work.
constexpr bool keeps_lane(const lease_snapshot& now) {
  const bool starving = now.waited >= lease_patience && now.since_lease_end >= lease_patience;
  return now.open >= least_to_keep_lane && now.lanes_wanted && !starving;
}

// Whether a lane has to drain for a session that waits for a lease while no backend is idle.
constexpr bool must_drain_one(const lease_snapshot& now) { return now.lanes > (keeps_lane(now) ? 1u : 0u); }

}  // namespace pgweir::pool::policy
