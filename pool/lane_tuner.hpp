// pool/lane_tuner.hpp - finds out how many lanes a crowded pool does best with.
//
// Where the server shares few cores with the proxy, few full lanes win; a server with many cores wants many.
// Nobody can tell it the difference but the clock: so now and then it tries one lane more or one less, and
// stays with what served units sooner. Pure: it is told the time. Thread rule: one per worker's pool.
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
  enum class phase { settle, measure, settle_probe, measure_probe };

  static constexpr std::chrono::milliseconds settling_time{30};
  static constexpr std::chrono::milliseconds measuring_time{100};
  static constexpr std::size_t least_units = 200;
  // A pause: what was measured before says nothing about what comes.
  static constexpr std::chrono::seconds longest_step{2};
  // One more has to be clearly better; one less only not worse.
  static constexpr double better = 0.95;
  static constexpr double not_worse = 1.01;

  void begin(phase next, std::chrono::nanoseconds now);
  void give_up_probe(std::chrono::nanoseconds now);
  double time_in_system(std::chrono::nanoseconds now) const;
  void judge(double probe);

  std::size_t lanes_ = 2;   // best so far
  std::size_t trying_ = 2;  // lanes_, but while another number is tried
  bool probe_more_ = true;
  phase phase_ = phase::settle;
  std::chrono::nanoseconds began_{};
  std::size_t units_ = 0;
  std::size_t load_ = 0;            // sum of `under_way`
  std::size_t most_under_way_ = 0;  // seen with lanes_
  double usual_ = 0;                // time in system with lanes_
};

}  // namespace pgweir::pool
