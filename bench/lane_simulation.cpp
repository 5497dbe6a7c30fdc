#include "bench/lane_simulation.hpp"

#include "bench/simulated_pool.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <random>

namespace pgweir::bench {
namespace {

using namespace std::chrono_literals;

constexpr nanoseconds never = nanoseconds::max();

class simulation final : simulated_turns {
 public:
  simulation(const simulated_load& load, const config::pool_settings& settings,
             const simulated_server& server)
      : load_(load), server_(server), pool_(settings, *this) {}

  simulation_result run(nanoseconds length) {
    next_short_ = after(load_.short_rate);
    next_long_ = after(load_.long_rate);
    for (std::size_t i = 1; i <= load_.clients; ++i) pool_.acquire(random_unit(i), now_);
    while (now_ < length) step();
    result_.short_units.sort();
    result_.long_units.sort();
    return std::move(result_);
  }

 private:
  void begin(simulated_backend& on, bool from_rest) override {
    const auto& head = on.units.front();
    (head.is_long ? result_.long_units : result_.short_units).add(now_ - head.arrived);
    on.awake_at = head.sleeps ? now_ + head.time : never;
    on.left =
        head.sleeps ? 0 : static_cast<double>((head.time + (from_rest ? server_.wake_up : 0ns)).count());
  }

  void step() {
    const double speed = this->speed();
    auto* first = first_done(speed);
    const auto done_at = first == nullptr ? never : done(*first, speed);
    const auto until = std::min({done_at, next_short_, next_long_, pool_.next_tick()});
    let_run(until - now_, speed);
    now_ = until;
    if (until == done_at) return finish(*first);
    if (until == next_short_) {
      next_short_ = after(load_.short_rate);
      return pool_.acquire(new_unit(0, false), now_);
    }
    if (until == next_long_) {
      next_long_ = after(load_.long_rate);
      return pool_.acquire(new_unit(0, true), now_);
    }
    pool_.tick(now_);
  }

  void finish(simulated_backend& on) {
    const auto client = on.units.front().client;
    pool_.answered(on, now_);
    if (client != 0) pool_.acquire(random_unit(client), now_);
  }

  static bool runs(const simulated_backend& one) { return !one.units.empty() && !one.units.front().sleeps; }

  // Of each backend that runs: a core, or an even share of all of them.
  double speed() {
    auto& all = pool_.backends();
    const auto running = std::count_if(all.begin(), all.end(), runs);
    return running == 0 ? 1
                        : std::min(1.0, static_cast<double>(server_.cores) / static_cast<double>(running));
  }

  nanoseconds done(const simulated_backend& one, double speed) const {
    if (one.units.empty()) return never;
    if (!runs(one)) return one.awake_at;
    return now_ + nanoseconds{std::llround(std::ceil(one.left / speed))};
  }

  simulated_backend* first_done(double speed) {
    simulated_backend* first = nullptr;
    for (auto& one : pool_.backends())
      if (!one.units.empty() && (first == nullptr || done(one, speed) < done(*first, speed))) first = &one;
    return first;
  }

  void let_run(nanoseconds time, double speed) {
    for (auto& one : pool_.backends())
      if (runs(one)) one.left = std::max(0.0, one.left - static_cast<double>(time.count()) * speed);
  }

  double uniform() { return std::uniform_real_distribution<double>{0, 1}(random_); }

  nanoseconds after(double rate) {
    if (rate <= 0) return never;
    return now_ + nanoseconds{1 + std::llround(-std::log(1 - uniform()) * 1e9 / rate)};
  }

  simulated_unit random_unit(std::size_t client) { return new_unit(client, uniform() < load_.long_share); }

  // Between half and one and a half times the average.
  simulated_unit new_unit(std::size_t client, bool is_long) {
    const auto average = static_cast<double>((is_long ? load_.long_time : load_.short_time).count());
    simulated_unit made{.client = client, .is_long = is_long, .may_share = !is_long, .arrived = now_};
    made.expected = made.time = nanoseconds{std::llround(average * (0.5 + uniform()))};
    made.sleeps = is_long && load_.long_sleeps;
    if (is_long || uniform() >= load_.stuck_share) return made;
    made.sleeps = true;
    made.time = 200ms;
    return made;
  }

  const simulated_load load_;
  const simulated_server server_;
  simulated_pool pool_;
  std::mt19937_64 random_{20260421};
  nanoseconds now_{};
  nanoseconds next_short_{never}, next_long_{never};
  simulation_result result_;
};

}  // namespace

void waiting_times::sort() { std::sort(all_.begin(), all_.end()); }

nanoseconds waiting_times::percentile(double share) const {
  if (all_.empty()) return {};
  const auto at = static_cast<std::size_t>(share * static_cast<double>(all_.size()));
  return all_[std::min(at, all_.size() - 1)];
}

simulation_result simulate(const simulated_load& load, const config::pool_settings& settings,
                           const simulated_server& server, std::chrono::seconds length) {
  return simulation{load, settings, server}.run(length);
}

}  // namespace pgweir::bench
