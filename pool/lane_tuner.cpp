#include "pool/lane_tuner.hpp"

#include <algorithm>

namespace pgweir::pool {

void lane_tuner::observe(std::chrono::nanoseconds now, std::size_t under_way, std::size_t most) {
  if (now - began_ > longest_step) {
    trying_ = lanes_;
    begin(phase::settle, now);
  }
  ++units_;
  load_ += under_way;
  const bool probes = phase_ == phase::settle_probe || phase_ == phase::measure_probe;
  if (phase_ == phase::measure) most_under_way_ = std::max(most_under_way_, under_way);
  // One lane less than is needed fills up within milliseconds.
  if (probes && under_way > 2 * most_under_way_) return give_up_probe(now);
  const auto took = now - began_;
  const bool settles = phase_ == phase::settle || phase_ == phase::settle_probe;
  if (took < (settles ? settling_time : measuring_time) || units_ < least_units) return;
  switch (phase_) {
    case phase::settle:
      return begin(phase::measure, now);
    case phase::measure:
      usual_ = time_in_system(now);
      trying_ = probe_more_ ? lanes_ + 1 : lanes_ - 1;
      if (trying_ == 0 || trying_ > most) {
        trying_ = lanes_;
        probe_more_ = !probe_more_;
        return begin(phase::measure, now);
      }
      return begin(phase::settle_probe, now);
    case phase::settle_probe:
      return begin(phase::measure_probe, now);
    case phase::measure_probe:
      judge(time_in_system(now));
      return begin(phase::settle, now);
  }
}

void lane_tuner::give_up_probe(std::chrono::nanoseconds now) {
  probe_more_ = !probe_more_;
  trying_ = lanes_;
  begin(phase::settle, now);
}

void lane_tuner::begin(phase next, std::chrono::nanoseconds now) {
  if (next == phase::measure) most_under_way_ = 0;
  phase_ = next;
  began_ = now;
  units_ = load_ = 0;
}

// Little's law: as many as are under way, at the rate at which they come.
double lane_tuner::time_in_system(std::chrono::nanoseconds now) const {
  const auto units = static_cast<double>(units_);
  return static_cast<double>(load_) / units * static_cast<double>((now - began_).count()) / units;
}

// What did well is tried further in the same direction.
void lane_tuner::judge(double probe) {
  if (probe < usual_ * (probe_more_ ? better : not_worse))
    lanes_ = trying_;
  else
    probe_more_ = !probe_more_;
  trying_ = lanes_;
}

}  // namespace pgweir::pool
