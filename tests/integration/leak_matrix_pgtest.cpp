// Every kind of session state, in every way of sharing server connections: it is kept for its owner, and no
// other client ever meets it, neither while the owner lives nor when it has gone.
#include "tests/integration/lanes.hpp"

#include <ostream>

namespace pgweir::test {
namespace {

// How sessions share server connections, and how the owner speaks.
struct sharing {
  const char* mode;
  const char* multiplex;
  enum class protocol { simple, extended } speaks;

  std::string name() const {
    return std::string(mode) + "_" + (speaks == protocol::simple ? "simple_" : "extended_") + multiplex;
  }
  friend std::ostream& operator<<(std::ostream& out, const sharing& one) { return out << one.name(); }
};

struct kind_of_state {
  const char* what;
  const char* make;                   // one statement
  const char* ask;                    // one value
  const char* owned;                  // what the owner is answered
  const char* rolled_back = nullptr;  // the same behind a rollback; null: as if it had never been made
};

// After the failed text nothing is left for its owner either.
struct undone_state {
  const char* what;
  const char* fail;  // several statements, one transaction
  const char* ask;
};

const kind_of_state kept[] = {
    {"SET", "SET work_mem = '77kB'", "SELECT current_setting('work_mem')", "77kB"},
    {"SET of a path", "SET search_path = pg_temp, \"it's\"", "SELECT current_setting('search_path')",
     "pg_temp, \"it's\""},
    {"SET TIME ZONE", "SET TIME ZONE 'Asia/Tokyo'", "SELECT '2026-01-01 00:00Z'::timestamptz::text",
     "2026-01-01 09:00:00+09"},
    {"SET CHARACTERISTICS", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
     "SELECT current_setting('default_transaction_read_only')", "on"},
    {"SET of a name of one's own", "SET myapp.tenant = 'mine'",
     "SELECT coalesce(nullif(current_setting('myapp.tenant', true), ''), 'nobody')", "mine"},
    {"SET ROLE", "SET ROLE pg_monitor", "SELECT current_user", "pg_monitor"},
    {"SET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user",
     "pg_monitor"},
    {"set_config()", "SELECT set_config('lock_timeout', '77s', false)",
     "SELECT current_setting('lock_timeout')", "77s"},
    {"SET in a function", "SELECT leak_matrix_sets()", "SELECT current_setting('deadlock_timeout')", "77s"},
    {"SET in DO", "DO $$ BEGIN SET temp_buffers = '1600kB'; END $$", "SELECT current_setting('temp_buffers')",
     "1600kB"},
    {"temporary table", "CREATE TEMP TABLE mine (a int)", "SELECT to_regclass('pg_temp.mine') IS NOT NULL",
     "t"},
    {"temporary table of a function", "SELECT leak_matrix_makes()",
     "SELECT to_regclass('pg_temp.made') IS NOT NULL", "t"},
    {"advisory lock", "SELECT pg_advisory_lock(77)",
     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", "1", "1"},
    {"shared advisory lock of a function", "SELECT leak_matrix_locks()",
     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", "1", "1"},
    {"PREPARE", "PREPARE mine AS SELECT 7", "SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'",
     "1", "1"},
    {"cursor WITH HOLD", "DECLARE held CURSOR WITH HOLD FOR SELECT 7",
     "SELECT count(*) FROM pg_cursors WHERE name = 'held'", "1"},
};

const undone_state undone[] = {
    {"SET LOCAL", "SET LOCAL work_mem = '77kB'; SELECT 1 / 0", "SELECT current_setting('work_mem')"},
    {"SET", "SET work_mem = '77kB'; SELECT 1 / 0", "SELECT current_setting('work_mem')"},
    {"SET ROLE", "SET ROLE pg_monitor; SELECT 1 / 0", "SELECT current_user"},
    {"SET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION pg_monitor; SELECT 1 / 0",
     "SELECT session_user"},
    {"set_config()", "SELECT set_config('lock_timeout', '77s', false); SELECT 1 / 0",
     "SELECT current_setting('lock_timeout')"},
    {"SET in a function", "SELECT leak_matrix_sets(); SELECT 1 / 0",
     "SELECT current_setting('deadlock_timeout')"},
    {"temporary table", "CREATE TEMP TABLE mine (a int); SELECT 1 / 0",
     "SELECT to_regclass('pg_temp.mine') IS NOT NULL"},
    {"lock of a transaction", "SELECT pg_advisory_xact_lock(77); SELECT 1 / 0",
     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"},
    {"cursor WITH HOLD", "DECLARE held CURSOR WITH HOLD FOR SELECT 7; SELECT 1 / 0",
     "SELECT count(*) FROM pg_cursors WHERE name = 'held'"},
    {"LISTEN", "LISTEN mine; SELECT 1 / 0", "SELECT count(*) FROM pg_listening_channels()"},
};

class leak_matrix : public testing::TestWithParam<sharing> {
 protected:
  static void SetUpTestSuite() {
    postgres::shared().exec(
        "CREATE OR REPLACE FUNCTION leak_matrix_sets() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN SET deadlock_timeout = '77s'; END $$;"
        "CREATE OR REPLACE FUNCTION leak_matrix_makes() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN CREATE TEMP TABLE made (a int); END $$;"
        "CREATE OR REPLACE FUNCTION leak_matrix_locks() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_lock_shared(77); END $$");
  }

  // One worker and few server connections, used in turn: what is left on one of them is met soon.
  leak_matrix()
      : pgweir_(proxied("mode = \"" + std::string(GetParam().mode) + "\"\nmultiplex = \"" +
                            GetParam().multiplex +
                            "\"\nlane_expected_time = \"1s\"\nserver_round_robin = true\nsize = 3\n"
                            "min_size = 3",
                        "workers = 1")) {}

  wire_client connect() const { return wire_client::postgres(pgweir_.tcp()); }

  static std::string unit_of(const std::string& sql) {
    return GetParam().speaks == sharing::protocol::simple ? frontend::query(sql) : unnamed(sql);
  }

  static void make(wire_client& owner, const std::string& sql) {
    EXPECT_EQ(sqlstate_of(owner.ask(unit_of(sql))), "") << sql;
  }

  // On each server connection that it can meet: by itself, and in a lane once that is warm.
  static void expect_always(wire_client& who, const std::string& ask, const std::string& expected) {
    for (int turn = 0; turn < 4; ++turn) {
      EXPECT_EQ(who.value(ask), expected) << ask;
      EXPECT_EQ(first_columns(who.ask(unit_of(ask))), std::vector<std::string>{expected}) << ask;
    }
  }

  // Of one who is there, and of those who come.
  void expect_met_by_nobody(wire_client& other, const std::string& ask, const std::string& expected) const {
    for (int next = 0; next < 3; ++next) {
      auto one = connect();
      expect_always(one, ask, expected);
      one.goodbye();
    }
    expect_always(other, ask, expected);
  }

  // `makes` is what the owner does before it goes, by either way.
  template <class Makes>
  void expect_gone_with_its_owner(const kind_of_state& state, Makes makes) const {
    SCOPED_TRACE(state.what);
    const auto before = pristine(state.ask);
    auto other = connect();
    for (const bool says_goodbye : {true, false}) {
      auto owner = connect();
      makes(owner);
      EXPECT_EQ(owner.value(state.ask), state.owned);
      says_goodbye ? owner.goodbye() : owner.abandon();
      expect_met_by_nobody(other, state.ask, before);
    }
    other.goodbye();
  }

  // As it is for somebody who has done nothing.
  static std::string pristine(const std::string& ask) { return direct().value(ask); }

  pgweir_process pgweir_;
};

INSTANTIATE_TEST_SUITE_P(in, leak_matrix,
                         testing::Values(sharing{"transaction", "off", sharing::protocol::simple},
                                         sharing{"transaction", "off", sharing::protocol::extended},
                                         sharing{"transaction", "auto", sharing::protocol::simple},
                                         sharing{"transaction", "auto", sharing::protocol::extended},
                                         sharing{"statement", "off", sharing::protocol::simple},
                                         sharing{"statement", "off", sharing::protocol::extended},
                                         sharing{"statement", "auto", sharing::protocol::simple},
                                         sharing{"statement", "auto", sharing::protocol::extended},
                                         sharing{"session", "off", sharing::protocol::simple},
                                         sharing{"session", "off", sharing::protocol::extended}),
                         [](const auto& which) { return which.param.name(); });

TEST_P(leak_matrix, what_a_client_keeps_is_its_own_while_it_lives) {
  for (const auto& state : kept) {
    SCOPED_TRACE(state.what);
    const auto before = pristine(state.ask);
    ASSERT_NE(before, state.owned);
    auto owner = connect();
    auto other = connect();
    expect_always(other, state.ask, before);
    make(owner, state.make);
    expect_always(owner, state.ask, state.owned);
    expect_always(other, state.ask, before);
    auto late = connect();
    expect_always(late, state.ask, before);
    expect_always(owner, state.ask, state.owned);
    for (auto* one : {&owner, &other, &late}) one->goodbye();
  }
}

TEST_P(leak_matrix, what_a_client_has_kept_goes_with_it) {
  for (const auto& state : kept)
    expect_gone_with_its_owner(state, [&](wire_client& owner) { make(owner, state.make); });
  EXPECT_EQ(pristine("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

TEST_P(leak_matrix, what_a_failed_transaction_did_is_met_by_nobody) {
  for (const auto& state : undone) {
    SCOPED_TRACE(state.what);
    const auto before = pristine(state.ask);
    auto owner = connect();
    auto other = connect();
    EXPECT_EQ(sqlstate_of(owner.ask_sql(state.fail)), "22012");
    expect_always(owner, state.ask, before);
    expect_always(other, state.ask, before);
    owner.goodbye();
    other.goodbye();
  }
}

// Where the mode has transactions.
using leak_matrix_of_transactions = leak_matrix;

INSTANTIATE_TEST_SUITE_P(in, leak_matrix_of_transactions,
                         testing::Values(sharing{"transaction", "off", sharing::protocol::simple},
                                         sharing{"transaction", "auto", sharing::protocol::extended},
                                         sharing{"session", "off", sharing::protocol::extended}),
                         [](const auto& which) { return which.param.name(); });

TEST_P(leak_matrix_of_transactions, what_a_client_leaves_open_when_it_goes_is_met_by_nobody) {
  for (const auto& state : kept)
    expect_gone_with_its_owner(state, [&](wire_client& owner) {
      make(owner, "BEGIN");
      make(owner, state.make);
    });
}

TEST_P(leak_matrix_of_transactions, what_is_rolled_back_to_a_savepoint_is_met_by_nobody) {
  for (const auto& state : kept) {
    SCOPED_TRACE(state.what);
    const auto before = pristine(state.ask);
    auto owner = connect();
    auto other = connect();
    for (const auto* text : {"BEGIN", "SAVEPOINT s", state.make, "ROLLBACK TO s", "COMMIT"})
      make(owner, text);
    expect_always(owner, state.ask, state.rolled_back != nullptr ? state.rolled_back : before);
    expect_always(other, state.ask, before);
    owner.goodbye();
    other.goodbye();
  }
}

// A leaked LISTEN also holds back the queue of notifications for the whole cluster.
TEST_P(leak_matrix, a_notification_reaches_who_listens_and_nobody_else) {
  auto owner = connect();
  auto other = connect();
  make(owner, "LISTEN leaked");
  make(other, "NOTIFY leaked, 'one'");
  const auto heard = owner.read_until('A').back();
  EXPECT_NE(heard.body.find("leaked"), std::string::npos);
  EXPECT_EQ(types_of(other.ask_sql("SELECT 1")), "TDCZ");
  owner.goodbye();
  ASSERT_TRUE(eventually([&] { return pgweir_.metric("pgweir_client_connections") == 1; }));
  auto next = connect();
  for (int turn = 0; turn < 4; ++turn) {
    make(other, "NOTIFY leaked, 'two'");
    EXPECT_EQ(types_of(next.ask_sql("SELECT 1")), "TDCZ");
    EXPECT_EQ(types_of(other.ask_sql("SELECT 1")), "TDCZ");
  }
}

TEST(leak_matrix_on_lanes, asks_on_lanes_what_may_share_one) {
  pgweir_process pgweir{with_lanes("size = 2")};
  auto owner = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  ASSERT_EQ(sqlstate_of(owner.ask_sql("SET myapp.tenant = 'mine'; SET work_mem = '77kB'")), "");
  const auto ask = frontend::query(
      "SELECT coalesce(nullif(current_setting('myapp.tenant', true), ''), 'nobody') || "
      "current_setting('work_mem')");
  for (int turn = 0; turn < 40; ++turn) {
    EXPECT_EQ(first_columns(owner.ask(ask)), std::vector<std::string>{"mine77kB"});
    EXPECT_EQ(first_columns(other.ask(ask)), std::vector<std::string>{"nobody4MB"});
  }
  EXPECT_GT(units_on_lanes(pgweir), 20);
}

}  // namespace
}  // namespace pgweir::test
