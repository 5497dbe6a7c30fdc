// pool/lane_demand.hpp - whether units that may share come often enough to leave a backend to them.
//
// Each unit is worth 10 ms, so 100 of them a second keep a backend; a few rare ones do not (bench/
// simulate_lanes.cpp). What it has gathered lasts over a pause as long as a lease usually takes, because
// clients whose long queries end together come back together.
// Pure: it is told the time. Thread rule: one per worker's pool.
#pragma once

#include <algorithm>
#include <chrono>

namespace pgweir::pool {

class lane_demand {
 public:
  static constexpr std::chrono::milliseconds worth_of_one{10};
  static constexpr std::chrono::milliseconds needed{50};
  static constexpr std::chrono::milliseconds most{150};

  // A unit asks for a place on a lane.
  void note(std::chrono::nanoseconds now) {
    lasts_until_ = std::min<std::chrono::nanoseconds>(std::max(lasts_until_, now) + worth_of_one, now + most);
  }
  bool is_worth_a_backend(std::chrono::nanoseconds now) const { return lasts_until_ - now >= needed; }

 private:
  std::chrono::nanoseconds lasts_until_{};  // steady clock
};

}  // namespace pgweir::pool
