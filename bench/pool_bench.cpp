// What a lease costs, and the decisions behind it.
//
// Workload: the pool of one of two workers, full, with connected backends that no server stands behind; the
// other worker neither waits nor has idle backends. Items are leases, one acquire and one release each,
// unless said otherwise. No backend sends or gets a byte. allocs/lease counts operator new after a warm-up.
#include "bench/pool_rig.hpp"
#include "pool/pool_policy.hpp"
#include "pool/waiting_line.hpp"
#include "tests/metrics/allocations.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace pgweir::bench {
namespace {

namespace policy = pool::policy;
using namespace std::chrono_literals;

std::vector<pool::shared_profile> equal_profiles(std::int64_t count) {
  return {static_cast<std::size_t>(count), different_profiles(1).front()};
}

template <class Lease>
void leases(benchmark::State& state, Lease one_lease) {
  for (int i = 0; i < 100; ++i) one_lease();
  const auto before = metrics::test::allocations_of_this_thread();
  for (auto _ : state)
    if (!one_lease()) return state.SkipWithError("no backend was granted");
  const auto made = metrics::test::allocations_of_this_thread() - before;
  state.SetItemsProcessed(state.iterations());
  state.counters["allocs/lease"] = static_cast<double>(made) / static_cast<double>(state.iterations());
}

// An idle backend is there, and so it is granted at once.
void idle_backend(benchmark::State& state) {
  const auto profiles = equal_profiles(state.range(0));
  pool_rig rig{profiles};
  pool_session session{rig.pool(), profiles.front()};
  leases(state, [&] {
    session.acquire();
    const bool granted = session.has_backend();
    session.release();
    return granted;
  });
}
BENCHMARK(idle_backend)->ArgName("idle")->Arg(1)->Arg(20);

// As many profiles as backends, used in turn: the one that fits is always the last to be looked at.
void idle_backend_of_other_profiles(benchmark::State& state) {
  const auto profiles = different_profiles(static_cast<std::size_t>(state.range(0)));
  pool_rig rig{profiles};
  std::deque<pool_session> sessions;
  for (const auto& one : profiles) sessions.emplace_back(rig.pool(), one);
  std::size_t turn = 0;
  leases(state, [&] {
    auto& session = sessions[turn++ % sessions.size()];
    session.acquire();
    const bool granted = session.has_backend();
    session.release();
    return granted;
  });
}
BENCHMARK(idle_backend_of_other_profiles)->ArgName("profiles")->Arg(20);

// One backend, always lent: what is released goes to the session that has waited longest, and the one that
// had it goes to the end of the line.
void contended_backend(benchmark::State& state) {
  const auto profiles = equal_profiles(1);
  pool_rig rig{profiles};
  std::deque<pool_session> sessions;
  for (std::int64_t i = 0; i <= state.range(0); ++i) {
    sessions.emplace_back(rig.pool(), profiles.front());
    sessions.back().acquire();
  }
  std::size_t turn = 0;
  leases(state, [&] {
    auto& holder = sessions[turn % sessions.size()];
    auto& next = sessions[++turn % sessions.size()];
    holder.release();
    holder.acquire();
    return next.has_backend();
  });
  for (auto& one : sessions) rig.pool().give_up(one);
}
BENCHMARK(contended_backend)->ArgName("waiting")->Arg(1)->Arg(100)->Arg(1'000);

// The line alone. Items: one from the front goes to the end.
void line_goes_round(benchmark::State& state) {
  const auto profiles = equal_profiles(1);
  pool_rig rig{profiles};
  pool::waiting_line line;
  std::deque<pool_session> sessions;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    sessions.emplace_back(rig.pool(), profiles.front());
    line.push_back(sessions.back(), rig.pool(), profiles.front(), std::nullopt, 1ns);
  }
  for (auto _ : state) {
    auto& first = *line.front();
    line.remove(first);
    line.push_back(first, rig.pool(), profiles.front(), std::nullopt, 1ns);
  }
  while (!line.empty()) line.remove(*line.front());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(line_goes_round)->ArgName("waiting")->Arg(1)->Arg(1'000);

// All wait for another profile than the one that is offered. Items: waiters looked at.
void line_without_taker(benchmark::State& state) {
  const auto profiles = different_profiles(2);
  pool_rig rig{profiles};
  pool::waiting_line line;
  std::deque<pool_session> sessions;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    sessions.emplace_back(rig.pool(), profiles.front());
    line.push_back(sessions.back(), rig.pool(), profiles.front(), std::nullopt, 1ns);
  }
  for (auto _ : state) benchmark::DoNotOptimize(line.first_wanting(profiles.back()));
  while (!line.empty()) line.remove(*line.front());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(line_without_taker)->ArgName("waiting")->Arg(1'000);

// Items: decisions, one for each of the outcomes in turn.
void next_supply(benchmark::State& state) {
  std::array<policy::pool_snapshot, 5> seen{
      {{.max_size = 20, .open = 20, .asking = true},
       {.max_size = 20, .open = 20, .idle_elsewhere = true},
       {.max_size = 20, .open = 10, .attempts = 1},
       {.max_size = 20, .open = 20, .idle_here = 3, .may_replace = true},
       {.max_size = 20, .open = 20}}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(seen);
    for (const auto& now : seen) benchmark::DoNotOptimize(policy::next_supply(now));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(seen.size()));
}
BENCHMARK(next_supply);

// Items: idle backends judged; most are to be kept, as in a tick of the pool.
void reason_to_close(benchmark::State& state) {
  const config::pool_settings settings{.min_size = 5};
  std::array<policy::idle_facts, 20> seen{};
  for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = {.age = 200s * i, .idle_for = 40s * i, .open = 20};
  for (auto _ : state) {
    benchmark::DoNotOptimize(seen);
    for (const auto& now : seen) benchmark::DoNotOptimize(policy::reason_to_close(now, settings));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(seen.size()));
}
BENCHMARK(reason_to_close);

}  // namespace
}  // namespace pgweir::bench
