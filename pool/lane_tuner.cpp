#include "pool/lane_tuner.hpp"

#include <algorithm>

namespace pgweir::pool {

void lane_tuner::observe(std::chrono::nanoseconds now, std::size_t under_way, std::size_t most) {
  if (now - began_ > longest_step + length_of_phase()) {
    trying_ = lanes_;
    begin(phase::rest, now);
  }
  ++units_;
  load_ += under_way;
  if (phase_ == phase::measure) most_under_way_ = std::max(most_under_way_, under_way);
  // One lane less than is needed fills up within milliseconds.
  if (probes() && under_way > 2 * most_under_way_) return give_up(now);
  if (now - began_ < length_of_phase() || units_ < least_units) return;
  switch (phase_) {
    case phase::rest:
      return begin_trial(now, most);
    case phase::settle:
      return begin(phase::measure, now);
    case phase::measure:
      usual_ = time_in_system(now);
      trying_ = candidate();
      return begin(phase::settle_probe, now);
    case phase::settle_probe:
      return begin(phase::measure_probe, now);
    case phase::measure_probe:
      return end_round(now);
  }
}

std::chrono::nanoseconds lane_tuner::length_of_phase() const {
  if (phase_ == phase::rest) return rest_;
  return phase_ == phase::measure || phase_ == phase::measure_probe ? measuring_time : settling_time;
}

void lane_tuner::begin(phase next, std::chrono::nanoseconds now) {
  if (next == phase::measure) most_under_way_ = 0;
  phase_ = next;
  began_ = now;
  units_ = load_ = 0;
}

void lane_tuner::begin_trial(std::chrono::nanoseconds now, std::size_t most) {
  lanes_ = trying_ = std::min(lanes_, most);
  tally_ = {};
  if (candidate() == 0 || candidate() > most) probe_more_ = !probe_more_;
  begin(candidate() == 0 || candidate() > most ? phase::rest : phase::settle, now);
}

void lane_tuner::end_round(std::chrono::nanoseconds now) {
  const auto compared = time_in_system(now) / usual_;
  if (compared < (probe_more_ ? better : not_worse))
    tally_.won += compared < clearly ? 2 : 1;
  else
    ++tally_.lost;
  const int needed = probe_more_ ? wins_for_more : wins_for_less;
  if (tally_.won >= needed) return adopt(now);
  if (compared > hopeless || tally_.lost > rounds - needed) return give_up(now);
  trying_ = lanes_;
  begin(phase::settle, now);
}

// What did well is tried further in the same direction.
void lane_tuner::adopt(std::chrono::nanoseconds now) {
  lanes_ = trying_;
  rest_ = shortest_rest;
  begin(phase::rest, now);
}

void lane_tuner::give_up(std::chrono::nanoseconds now) {
  probe_more_ = !probe_more_;
  trying_ = lanes_;
  rest_ = std::min<std::chrono::nanoseconds>(2 * rest_, longest_rest);
  begin(phase::rest, now);
}

// Little's law: as many as are under way, at the rate at which they come.
double lane_tuner::time_in_system(std::chrono::nanoseconds now) const {
  const auto units = static_cast<double>(units_);
  return static_cast<double>(load_) / units * static_cast<double>((now - began_).count()) / units;
}

}  // namespace pgweir::pool
