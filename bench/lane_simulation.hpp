// bench/lane_simulation.hpp - one pool under a load, event by event in simulated time, decided by the rules
// of pool/lane_policy.hpp and pool/lane_tuner.hpp: how long do short and long units wait for their turn?
//
// Simulated are one worker, one profile, backends that are all connected, and a server whose cores are shared
// evenly by what runs. A backend that has run dry costs the server a wake-up before its next unit; one that
// finds the next unit already there saves it. Proxy and network cost nothing. Deterministic: equal loads give
// equal results.
#pragma once

#include "config/config.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::bench {

using std::chrono::nanoseconds;

// Short units are proven and may share; long ones need a lease.
struct simulated_load {
  std::string name{};
  // Open: units come at random, so many a second.
  double short_rate = 0;
  double long_rate = 0;
  // Closed: clients that send the next unit as soon as the last one is answered.
  std::size_t clients = 0;
  double long_share = 0;  // of their units

  nanoseconds short_time = std::chrono::microseconds{50};  // of processor, on average
  nanoseconds long_time = std::chrono::milliseconds{5};
  bool long_sleeps = false;  // it waits for something: takes time but no processor
  double stuck_share = 0;    // of the short units: sleep for 200 ms instead
};

struct simulated_server {
  std::size_t cores = 4;
  nanoseconds wake_up = std::chrono::microseconds{20};  // of processor
};

// From asking to the turn.
class waiting_times {
 public:
  void add(nanoseconds waited) { all_.push_back(waited); }
  void sort();
  std::size_t count() const { return all_.size(); }
  // REQUIRES: sort(). `share`: 0.99 is the 99th percentile. Zero if there are none.
  nanoseconds percentile(double share) const;

 private:
  std::vector<nanoseconds> all_;
};

struct simulation_result {
  waiting_times short_units, long_units;  // that got their turn; sorted
};

simulation_result simulate(const simulated_load& load, const config::pool_settings& settings,
                           const simulated_server& server, std::chrono::seconds length);

}  // namespace pgweir::bench
