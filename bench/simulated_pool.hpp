// bench/simulated_pool.hpp - what pool/worker_pool does, without sockets and in simulated time.
// Must follow pool/worker_pool_lanes.cpp: the rules are the same functions, their use is repeated here.
#pragma once

#include "config/config.hpp"
#include "pool/lane_demand.hpp"
#include "pool/lane_policy.hpp"
#include "pool/lane_tuner.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

namespace pgweir::bench {

using std::chrono::nanoseconds;

struct simulated_unit {
  std::size_t client = 0;
  bool is_long = false;
  bool may_share = false;
  bool sleeps = false;
  nanoseconds arrived{};
  nanoseconds expected{};
  nanoseconds time{};  // that it takes: of processor, or of sleep
  nanoseconds ticket{};
};

struct simulated_backend {
  enum class use { idle, lease, lane } used_as = use::idle;
  std::deque<simulated_unit> units;  // the head has its turn
  pool::policy::lane_load load;
  nanoseconds looks_at_head{nanoseconds::max()};  // when a lane looks whether its head is stuck
  double left = 0;                                // nanoseconds of processor that the head needs yet
  nanoseconds awake_at{};                         // if the head sleeps
};

// What becomes of it on the server.
class simulated_turns {
 public:
  // The head of `on` has got its turn; `from_rest`: the backend had nothing to do before.
  virtual void begin(simulated_backend& on, bool from_rest) = 0;

 protected:
  ~simulated_turns() = default;
};

class simulated_pool {
 public:
  simulated_pool(const config::pool_settings& settings, simulated_turns& turns);

  void acquire(simulated_unit unit, nanoseconds now);
  // The head of `on` is answered.
  void answered(simulated_backend& on, nanoseconds now);
  // What is due: looks at heads, and the patience of leases.
  void tick(nanoseconds now);
  nanoseconds next_tick() const;
  std::vector<simulated_backend>& backends() { return backends_; }

 private:
  using use = simulated_backend::use;

  bool seat(const simulated_unit& unit);
  bool seat_one();
  bool hand_out_one();
  void serve();
  void make_room();
  void join(simulated_backend& lane, const simulated_unit& unit, bool begins);
  void grant(simulated_backend& given, const simulated_unit& unit);
  void put(simulated_backend& on, const simulated_unit& unit);
  void look_at_head(simulated_backend& lane);
  bool note_crowd();
  simulated_backend* idle_one();
  simulated_backend* lane_for(const simulated_unit& unit);
  std::size_t count(use what) const;
  std::size_t lanes_open() const;
  bool may_lease(nanoseconds ticket) const;
  pool::policy::lease_snapshot lease_view(nanoseconds ticket) const;

  const config::pool_settings settings_;
  simulated_turns& turns_;
  std::vector<simulated_backend> backends_;
  std::deque<simulated_unit> lane_line_, lease_line_;  // who waits for what, oldest first
  pool::lane_demand demand_;
  pool::lane_tuner tuner_;
  double crowd_ = 0;
  nanoseconds now_{};
  nanoseconds last_lease_end_{-std::chrono::hours{1}};
  nanoseconds patience_ends_{nanoseconds::max()};
};

}  // namespace pgweir::bench
