// currval() and lastval() tell a session what it has taken from sequences, and nobody else's.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

// Two server connections and two clients: one after the other, or at the same time, they meet both.
class sequences : public testing::TestWithParam<const char*> {
 protected:
  sequences()
      : pgweir_(
            proxied(std::string("size = 3\nserver_round_robin = true\nmultiplex = \"") + GetParam() + "\"",
                    "workers = 1")),
        one_(wire_client::postgres(pgweir_.tcp())),
        other_(wire_client::postgres(pgweir_.tcp())) {
    postgres::shared().exec(
        "DROP TABLE IF EXISTS numbered; DROP SEQUENCE IF EXISTS counted; CREATE SEQUENCE counted; "
        "CREATE TABLE numbered (id bigserial, a int)");
  }

  // Some client has had every server connection, and some has taken values on each.
  void fill() {
    auto third = wire_client::postgres(pgweir_.tcp());
    for (auto* one : {&one_, &other_, &third}) one->ask_sql("BEGIN");
    for (auto* one : {&one_, &other_, &third})
      one->ask_sql("SELECT nextval('counted'), nextval('numbered_id_seq')");
    for (auto* one : {&one_, &other_, &third}) one->ask_sql("COMMIT");
  }

  // Somebody asks for a value that was taken in an earlier transaction, on another connection.
  void ask_later() {
    auto asking = wire_client::postgres(pgweir_.tcp());
    asking.ask_sql("SELECT nextval('counted')");
    one_.ask_sql("BEGIN; SELECT 1");
    EXPECT_EQ(sqlstate_of(asking.ask_sql("SELECT lastval()")), "55000");
    one_.ask_sql("COMMIT");
  }

  double pinned() const { return pgweir_.metric("pgweir_pinned_servers", "reason=\"sequence\""); }

  pgweir_process pgweir_;
  wire_client one_;
  wire_client other_;
};

INSTANTIATE_TEST_SUITE_P(multiplex, sequences, testing::Values("off", "auto"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(sequences, are_not_seen_by_those_who_took_nothing) {
  fill();
  auto none = wire_client::postgres(pgweir_.tcp());
  for (const auto* sql :
       {"SELECT currval('counted')", "SELECT lastval()", "SELECT lastval()", "SELECT lastval()"}) {
    EXPECT_EQ(sqlstate_of(none.ask_sql(sql)), "55000") << sql;
    const auto extended =
        frontend::parse("", sql) + frontend::bind("", "") + frontend::execute() + frontend::sync();
    EXPECT_EQ(sqlstate_of(none.ask(extended)), "55000") << sql;
  }
}

TEST_P(sequences, are_seen_in_the_transaction_that_took_them) {
  fill();
  for (int i = 0; i < 5; ++i) {
    one_.ask_sql("BEGIN");
    const auto id = one_.value("INSERT INTO numbered (a) VALUES (1) RETURNING id");
    EXPECT_EQ(one_.value("SELECT lastval()"), id);
    EXPECT_EQ(one_.value("SELECT currval('numbered_id_seq')"), id);
    one_.ask_sql("COMMIT");
    EXPECT_EQ(pinned(), 0);
  }
}

TEST_P(sequences, keep_nobody_here_because_one_asks_who_has_taken_nothing) {
  fill();
  auto stray = wire_client::postgres(pgweir_.tcp());
  for (const auto* sql : {"SELECT lastval()", "SELECT currval('counted')"})
    EXPECT_EQ(sqlstate_of(stray.ask_sql(sql)), "55000");
  for (auto* one : {&one_, &other_, &stray}) one->ask_sql("INSERT INTO numbered (a) VALUES (1)");
  for (auto* one : {&one_, &other_, &stray}) EXPECT_EQ(one->value("SELECT 'served'"), "served");
  EXPECT_EQ(pinned(), 0);
}

TEST_P(sequences, stay_with_their_session_once_somebody_has_asked_in_a_later_transaction) {
  fill();
  ask_later();
  const auto mine = one_.value("SELECT nextval('counted')");
  const auto theirs = other_.value("INSERT INTO numbered (a) VALUES (1) RETURNING id");
  EXPECT_TRUE(eventually([&] { return pinned() == 2; }));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(one_.value("SELECT lastval()"), mine);
    EXPECT_EQ(other_.value("SELECT currval('numbered_id_seq')"), theirs);
    EXPECT_EQ(sqlstate_of(other_.ask_sql("SELECT currval('counted')")), "55000");
  }
  one_.ask_sql("DISCARD SEQUENCES");
  EXPECT_TRUE(eventually([&] { return pinned() == 1; }));
  EXPECT_EQ(sqlstate_of(one_.ask_sql("SELECT lastval()")), "55000");
  other_.goodbye();
  EXPECT_TRUE(eventually([&] { return pinned() == 0; }));
}

TEST_P(sequences, are_given_up_for_those_who_would_wait_in_vain) {
  fill();
  ask_later();
  one_.ask_sql("SELECT nextval('counted')");
  other_.ask_sql("SELECT nextval('counted')");
  auto third = wire_client::postgres(pgweir_.tcp());
  third.ask_sql("SELECT nextval('counted')");
  EXPECT_TRUE(eventually([&] { return pinned() == 3; }));
  auto fourth = wire_client::postgres(pgweir_.tcp());
  const auto fourths = fourth.value("INSERT INTO numbered (a) VALUES (1) RETURNING id");
  EXPECT_EQ(fourth.value("SELECT lastval()"), fourths);
  EXPECT_TRUE(eventually([&] { return pinned() == 3; }));
  int kept = 0;
  for (auto* one : {&one_, &other_, &third}) {
    const auto answer = one->ask_sql("SELECT currval('counted')");
    if (sqlstate_of(answer).empty())
      ++kept;
    else
      EXPECT_EQ(sqlstate_of(answer), "55000");
  }
  EXPECT_GE(kept, 1);
}

TEST(sequences_over_workers, are_given_up_for_those_who_would_wait_in_vain) {
  postgres::shared().exec("DROP SEQUENCE IF EXISTS counted; CREATE SEQUENCE counted");
  const pgweir_process pgweir{proxied("size = 2\nquery_wait_timeout = \"10s\"", "workers = 2")};
  std::vector<wire_client> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(wire_client::postgres(pgweir.tcp()));
  // Somebody asks for a value that was taken in an earlier transaction, on another connection.
  for (const int which : {0, 1}) clients[which].ask_sql("BEGIN; SELECT nextval('counted')");
  clients[0].ask_sql("COMMIT");
  clients[2].ask_sql("BEGIN; SELECT 1");
  clients[1].ask_sql("COMMIT");
  EXPECT_EQ(sqlstate_of(clients[0].ask_sql("SELECT lastval()")), "55000");
  clients[2].ask_sql("COMMIT");
  for (int round = 0; round < 3; ++round)
    for (auto& one : clients) {
      EXPECT_EQ(sqlstate_of(one.ask_sql("SELECT nextval('counted')")), "");
      const auto answer = one.ask_sql("SELECT lastval()");
      EXPECT_TRUE(sqlstate_of(answer).empty() || sqlstate_of(answer) == "55000");
    }
  EXPECT_GE(pgweir.metric("pgweir_pinned_servers", "reason=\"sequence\""), 1);
}

}  // namespace
}  // namespace pgweir::test
