// Random clients on a lane: whatever happens there, each gets what a server of its own would have given it.
#include "tests/core/lane_simulation.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pgweir::test {
namespace {

lane_simulation_rules rules_of(std::uint64_t seed) {
  return {.clients = 2 + seed % 4,
          .units = 6,
          .prepared_limit = 1 + seed % 5,
          .shares_unnamed = seed % 4 != 0,
          .shares_sync = seed % 2 == 0,
          .mishap = seed % 3 == 0 ? 0u : 15 + 5 * (seed % 5),
          .seed = seed};
}

std::uint64_t from_environment(const char* variable, std::uint64_t otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

// PGWEIR_SEED is the first seed, PGWEIR_SEEDS how many there are.
TEST(lane_simulation, answers_every_client_as_a_server_of_its_own_would) {
  const auto first = from_environment("PGWEIR_SEED", 1);
  const auto seeds = from_environment("PGWEIR_SEEDS", 4000);
  lane_simulation_counts all;
  for (auto seed = first; seed < first + seeds; ++seed) {
    lane_simulation one{rules_of(seed)};
    one.run();
    ASSERT_EQ(one.fault(), "") << "PGWEIR_SEEDS=1 PGWEIR_SEED=" << seed;
    all += one.counts();
  }
  if (seeds < 1000) return;
  EXPECT_GT(2 * all.shared, all.alone);
  EXPECT_GT(all.batched, 0u);
  for (const auto times : all.resent) EXPECT_GT(times, 0u);
  EXPECT_GT(all.failed[static_cast<std::size_t>(core::lane_failure::server_lost)], 0u);
  EXPECT_GT(all.failed[static_cast<std::size_t>(core::lane_failure::transaction_open)], 0u);
  EXPECT_GT(all.canceled, 0u);
  EXPECT_GT(all.unnamed_shared, 0u);
  EXPECT_GT(all.queries_prepared, 0u);
  EXPECT_GT(all.evictions, 0u);
}

}  // namespace
}  // namespace pgweir::test
