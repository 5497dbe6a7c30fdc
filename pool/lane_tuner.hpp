// pool/lane_tuner.hpp - finds out how many lanes a crowded pool does best with.
//
// Where the server shares few cores with the proxy, few full lanes win; a server with many cores wants many.
// Nobody can tell it the difference but the clock: so now and then it tries one lane more or one less,
// several times in turn with the usual number, and stays with what served units sooner nearly each time. A
// single comparison says little: what else runs on the machine makes more difference than a lane does. Pure:
// it is told the time. Thread rule: one per worker's pool.
#pragma once

#include <chrono>
#include <cstddef>

namespace pgweir::pool {

class lane_tuner {
 public:
  // How many lanes to fill at present. `most`: as many as there may be.
  std::size_t lanes(std::size_t most) const { return trying_ > most ? most : trying_; }

  // A unit came while `under_way` (itself included) were queued or waiting. Only while the pool is crowded.
  void observe(std::chrono::nanoseconds now, std::size_t under_way, std::size_t most);

 private:
  // A trial is rounds of settle, measure, settle_probe, measure_probe; then it rests.
  enum class phase { rest, settle, measure, settle_probe, measure_probe };

  // What a trial has shown so far.
  struct tally {
    int won = 0;
    int lost = 0;
  };

  static constexpr std::chrono::milliseconds settling_time{10};
  static constexpr std::chrono::milliseconds measuring_time{50};
  static constexpr std::size_t least_units = 200;
  // After a trial without success; twice as long after each further one, up to the longest.
  static constexpr std::chrono::milliseconds shortest_rest{100};
  static constexpr std::chrono::milliseconds longest_rest{5000};
  // A pause: what was measured before says nothing about what comes.
  static constexpr std::chrono::seconds longest_step{2};
  // One lane more has to be clearly better nearly each time; one less only not worse most of the time.
  static constexpr double better = 0.95;
  static constexpr double not_worse = 1.01;
  // So much worse that one round is enough; so much better that it counts twice.
  static constexpr double hopeless = 1.5;
  static constexpr double clearly = 0.8;
  static constexpr int rounds = 8;
  static constexpr int wins_for_more = 7;
  static constexpr int wins_for_less = 5;

  bool probes() const { return phase_ == phase::settle_probe || phase_ == phase::measure_probe; }
  std::chrono::nanoseconds length_of_phase() const;
  void begin(phase next, std::chrono::nanoseconds now);
  void begin_trial(std::chrono::nanoseconds now, std::size_t most);
  void end_round(std::chrono::nanoseconds now);
  void adopt(std::chrono::nanoseconds now);
  void give_up(std::chrono::nanoseconds now);
  double time_in_system(std::chrono::nanoseconds now) const;
  std::size_t candidate() const { return probe_more_ ? lanes_ + 1 : lanes_ - 1; }

  std::size_t lanes_ = 2;   // best so far
  std::size_t trying_ = 2;  // lanes_, but while another number is tried
  bool probe_more_ = true;
  tally tally_;
  phase phase_ = phase::rest;
  std::chrono::nanoseconds rest_{shortest_rest};
  std::chrono::nanoseconds began_{};  // the phase
  std::size_t units_ = 0;
  std::size_t load_ = 0;            // sum of `under_way`
  std::size_t most_under_way_ = 0;  // seen with lanes_ in this round
  double usual_ = 0;                // time in system with lanes_ in this round
};

}  // namespace pgweir::pool
