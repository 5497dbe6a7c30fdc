#include "tests/core/simulation.hpp"

#include "tests/core/pipeline_generator.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

std::string first_difference(const std::string& direct, const std::string& proxied) {
  const auto expected = split(direct);
  const auto got = split(proxied);
  std::size_t at = 0;
  while (at < expected.size() && at < got.size() && expected[at] == got[at]) ++at;
  const auto from = [at](const std::vector<message>& all) {
    return at < all.size() ? all[at].type + (' ' + all[at].body) : std::string("nothing");
  };
  return "answer " + std::to_string(at + 1) + " should be " + from(expected) + ", is " + from(got) + "\n";
}

// Random pipelines of several clients over a few servers, each client also against a server of its own.
std::string difference(std::uint64_t seed, int& deferred) {
  const simulation_rules rules{.clients = 2 + seed % 3,
                               .servers = 1 + seed % 2,
                               .prepared_limit = 1 + seed % 4,
                               .seed = seed,
                               .patient = seed % 5 < 2};
  simulation through_proxy{rules};
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < rules.clients; ++i) {
    sent.push_back(pipeline_generator{seed * 100 + i, "client " + std::to_string(i)}.units(1 + seed % 8));
    through_proxy.will_send(i, sent.back());
  }
  through_proxy.run();
  deferred += through_proxy.deferred();
  std::string found = through_proxy.fault();
  for (std::size_t i = 0; i < rules.clients; ++i) {
    const auto direct = model_server{}.answer_all(sent[i]);
    if (through_proxy.received(i) == direct) continue;
    found += "\nclient " + std::to_string(i + 1) + " sent:\n" + readable(sent[i]) +
             first_difference(direct, through_proxy.received(i));
  }
  return found;
}

TEST(simulation, answers_every_client_as_a_server_of_its_own_would) {
  int deferred = 0;
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    const auto found = difference(seed, deferred);
    ASSERT_EQ(found, "") << "seed " << seed;
  }
  EXPECT_GT(deferred, 1000);
}

}  // namespace
}  // namespace pgweir::test
