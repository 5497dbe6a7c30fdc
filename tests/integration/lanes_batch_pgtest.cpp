// Units that come together share a Sync: one transaction to the server, of which no client sees anything.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <signal.h>

namespace pgweir::test {
namespace {

using texts = std::vector<std::string>;

constexpr const char* divided = "SELECT 1000 / (id - $1::int) FROM numbers WHERE id = 500";

std::string read_number(int id) {
  return unnamed("SELECT v FROM numbers WHERE id = $1", {std::to_string(id)});
}
std::string divide_by(int id) { return unnamed(divided, {std::to_string(id)}); }
std::string read_gate() { return unnamed(through_gate); }

class lane_batch : public testing::Test {
 protected:
  static void SetUpTestSuite() { make_tables(); }

  void start(const std::string& pool) {
    pgweir.emplace(with_lanes(pool));
    for (const auto& unit : {read_number(1), divide_by(1), read_gate()}) warm_up(*pgweir, unit);
    for (int i = 0; i < 6; ++i) clients.push_back(wire_client::postgres(pgweir->tcp()));
  }

  // pgweir finds all of them waiting when it wakes up.
  void send_at_once(const std::vector<std::string>& units) {
    pgweir->signal(SIGSTOP);
    for (std::size_t i = 0; i < units.size(); ++i) clients.at(i).send(units[i]);
    pgweir->signal(SIGCONT);
  }
  double batches() const { return pgweir->metric("pgweir_lane_batches_total", ""); }
  double batched() const { return pgweir->metric("pgweir_lane_batched_units_total", ""); }

  std::optional<pgweir_process> pgweir;
  std::vector<wire_client> clients;
};

TEST_F(lane_batch, what_comes_together_goes_together) {
  start("size = 1");
  const auto batches_before = batches();
  const auto units_before = batched();
  send_at_once(
      {read_number(1), read_number(2), read_number(3), read_number(4), read_number(5), read_number(6)});
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(first_columns(clients[static_cast<std::size_t>(i)].read_until_ready()), texts{name_of(i + 1)});
  EXPECT_EQ(batched() - units_before, 6);
  EXPECT_LT(batches() - batches_before, 6);
}

TEST_F(lane_batch, no_more_than_lane_batch_of_them) {
  start("size = 1\nlane_batch = 2");
  const auto batches_before = batches();
  send_at_once(
      {read_number(1), read_number(2), read_number(3), read_number(4), read_number(5), read_number(6)});
  for (auto& one : clients) one.read_until_ready();
  EXPECT_GE(batches() - batches_before, 3);
}

TEST_F(lane_batch, an_error_is_its_own_clients_alone) {
  start("size = 1");
  send_at_once(
      {read_number(1), divide_by(400), divide_by(500), read_number(4), divide_by(600), read_number(6)});
  EXPECT_EQ(first_columns(clients[0].read_until_ready()), texts{"n1"});
  EXPECT_EQ(first_columns(clients[1].read_until_ready()), texts{"10"});
  EXPECT_EQ(sqlstate_of(clients[2].read_until_ready()), "22012");
  EXPECT_EQ(first_columns(clients[3].read_until_ready()), texts{"n4"});
  EXPECT_EQ(first_columns(clients[4].read_until_ready()), texts{"-10"});
  EXPECT_EQ(first_columns(clients[5].read_until_ready()), texts{"n6"});
  EXPECT_GT(resent(*pgweir, "batch_failed"), 0);
}

// Those that hold the other connections may be long.
TEST_F(lane_batch, whom_the_error_of_another_has_hit_needs_no_lease) {
  start("size = 2\nlanes = 1");
  auto busy = wire_client::postgres(pgweir->tcp());
  busy.ask_sql("BEGIN");
  busy.ask_sql("SELECT 1");
  const auto leased = units_leased(*pgweir, "resent");
  send_at_once({read_number(1), divide_by(500), read_number(3), read_number(4)});
  for (const auto i : {0u, 2u, 3u})
    EXPECT_EQ(first_columns(clients[i].read_until_ready()), texts{name_of(static_cast<int>(i) + 1)});
  EXPECT_EQ(sqlstate_of(clients[1].read_until_ready()), "22012");
  EXPECT_GE(resent(*pgweir, "batch_failed"), 2);
  EXPECT_LE(units_leased(*pgweir, "resent") - leased, 1) << "of the one that fails";
  busy.ask_sql("COMMIT");
}

TEST_F(lane_batch, nobody_meets_the_portal_of_another) {
  start("size = 1");
  send_at_once({read_number(1), frontend::execute() + frontend::sync(), read_number(3)});
  EXPECT_EQ(first_columns(clients[0].read_until_ready()), texts{"n1"});
  EXPECT_EQ(sqlstate_of(clients[1].read_until_ready()), "34000");
  EXPECT_EQ(first_columns(clients[2].read_until_ready()), texts{"n3"});
}

// Else a transaction that has locked one table and wants the other would be a victim of the deadlock
// detector.
TEST_F(lane_batch, one_that_waits_for_a_lock_does_not_keep_those_that_it_has) {
  start("size = 3\nlanes = 1");
  closed_gate gate;
  auto other = direct();
  other.ask_sql("BEGIN");
  send_at_once({read_number(1), read_number(2), read_gate(), read_number(4)});
  for (const auto i : {0u, 1u, 3u})
    EXPECT_EQ(first_columns(clients[i].read_until_ready()), texts{name_of(static_cast<int>(i) + 1)});
  EXPECT_EQ(sqlstate_of(other.ask_sql("LOCK TABLE numbers IN ACCESS EXCLUSIVE MODE")), "");
  EXPECT_TRUE(eventually([&] { return gate.stopped() == 1; })) << "it waits where it was sent again";
  gate.open();
  other.ask_sql("COMMIT");
  EXPECT_EQ(first_columns(clients[2].read_until_ready()), texts{"open"});
}

TEST_F(lane_batch, one_that_takes_too_long_is_told_so_and_stays) {
  start("size = 3\nlanes = 1\nquery_timeout = \"400ms\"");
  closed_gate gate;
  send_at_once({read_number(1), read_gate(), read_number(3)});
  EXPECT_EQ(sqlstate_of(clients[1].read_until_ready()), "57014");
  for (const auto i : {0u, 2u}) clients[i].read_until_ready();
  gate.open();
  EXPECT_EQ(first_columns(clients[1].ask(read_number(5))), texts{"n5"});
}

TEST_F(lane_batch, a_cancel_hits_the_one_that_asked_for_it) {
  start("size = 3\nlanes = 1");
  closed_gate gate;
  send_at_once({read_number(1), read_gate(), read_number(3)});
  EXPECT_EQ(first_columns(clients[0].read_until_ready()), texts{"n1"});
  EXPECT_EQ(first_columns(clients[2].read_until_ready()), texts{"n3"});
  clients[1].cancel();
  EXPECT_EQ(sqlstate_of(clients[1].read_until_ready()), "57014");
  EXPECT_EQ(first_columns(clients[0].ask(read_number(7))), texts{"n7"});
}

}  // namespace
}  // namespace pgweir::test
