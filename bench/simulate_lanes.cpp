// How long units wait for their turn, with lanes and without, at several loads: see lane_simulation.hpp.
//
// Workload: a pool of 8 backends, a server with 4 cores, short units of 50 us; what else each row says.
#include "bench/lane_simulation.hpp"

#include <chrono>
#include <cstdio>
#include <vector>

namespace {

using namespace std::chrono_literals;
using pgweir::bench::simulated_load;
using pgweir::bench::waiting_times;
namespace config = pgweir::config;

constexpr auto length = 10s;

std::vector<simulated_load> loads() {
  return {
      {.name = "2,000/s; 20/s of 5 ms", .short_rate = 2'000, .long_rate = 20},
      {.name = "15,000/s; 100/s of 5 ms", .short_rate = 15'000, .long_rate = 100},
      {.name = "30,000/s; 200/s of 5 ms", .short_rate = 30'000, .long_rate = 200},
      {.name = "40,000/s; 200/s of 5 ms", .short_rate = 40'000, .long_rate = 200},
      {.name = "10,000/s; 80/s sleep 50 ms",
       .short_rate = 10'000,
       .long_rate = 80,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "10,000/s; 120/s sleep 50 ms",
       .short_rate = 10'000,
       .long_rate = 120,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "10,000/s; 130/s sleep 50 ms",
       .short_rate = 10'000,
       .long_rate = 130,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "10,000/s; 140/s sleep 50 ms",
       .short_rate = 10'000,
       .long_rate = 140,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "500/s; 140/s sleep 50 ms",
       .short_rate = 500,
       .long_rate = 140,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "20/s; 140/s sleep 50 ms",
       .short_rate = 20,
       .long_rate = 140,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "15,000/s, 1 of 1,000 stuck; 60/s of 5 ms",
       .short_rate = 15'000,
       .long_rate = 60,
       .stuck_share = 0.001},
      {.name = "16 clients, 5 % sleep 50 ms",
       .clients = 16,
       .long_share = 0.05,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "64 clients, 5 % sleep 50 ms",
       .clients = 64,
       .long_share = 0.05,
       .long_time = 50ms,
       .long_sleeps = true},
      {.name = "64 clients, 0.5 % of 5 ms", .clients = 64, .long_share = 0.005},
      {.name = "256 clients, 0.5 % of 5 ms", .clients = 256, .long_share = 0.005},
      {.name = "64 clients, short only", .clients = 64},
  };
}

void print(const waiting_times& of) {
  const auto us = [&](double share) {
    return std::chrono::duration<double, std::micro>(of.percentile(share)).count();
  };
  const double rate = static_cast<double>(of.count()) / static_cast<double>(length.count());
  std::printf(" |%8.0f%8.0f%9.0f%10.0f%10.0f", rate, us(0.5), us(0.9), us(0.99), us(1));
}

}  // namespace

int main() {
  std::printf(
      "%-42s%-5s | short:/s     p50      p90       p99       max | long:/s      p50      p90       p99       "
      "max\n",
      "load (waiting times in microseconds)", "");
  for (const auto& load : loads())
    for (const auto mode : {config::multiplex::off, config::multiplex::automatic}) {
      config::pool_settings settings;
      settings.size = 8;
      settings.multiplex = mode;
      const bool off = mode == config::multiplex::off;
      const auto result = pgweir::bench::simulate(load, settings, {}, length);
      std::printf("%-42s%-5s", off ? load.name.c_str() : "", off ? "off" : "auto");
      print(result.short_units);
      print(result.long_units);
      std::printf("\n");
    }
}
