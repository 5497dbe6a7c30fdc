// max_pinned: only so many sessions of a pool keep a server connection beyond their transactions.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

class max_pinned : public testing::Test {
 protected:
  explicit max_pinned(const std::string& more = {}, const std::string& workers = "1")
      : pgweir_(proxied("size = 4\nmax_pinned = 1\nquery_wait_timeout = \"5s\"\n" + more,
                        "workers = " + workers)),
        first_(wire_client::postgres(pgweir_.tcp())),
        second_(wire_client::postgres(pgweir_.tcp())) {
    first_.ask_sql("CREATE TEMP TABLE mine (a int)");
  }

  static std::string extended(const std::string& sql) {
    return frontend::parse("", sql) + frontend::bind("", "") + frontend::execute() + frontend::sync();
  }

  pgweir_process pgweir_;
  wire_client first_;
  wire_client second_;
};

class max_pinned_with_errors : public max_pinned {
 protected:
  max_pinned_with_errors() : max_pinned("max_pinned_policy = \"error\"") {}
};

class max_pinned_over_workers : public max_pinned {
 protected:
  max_pinned_over_workers() : max_pinned("", "2") {}
};

class max_pinned_where_each_listens_alone : public max_pinned {
 protected:
  max_pinned_where_each_listens_alone()
      : max_pinned("max_pinned_policy = \"error\"\nshared_listen = false") {}
};

TEST_F(max_pinned, makes_the_next_one_wait_until_a_place_is_free) {
  second_.send(frontend::query("PREPARE q AS SELECT 1"));
  auto third = wire_client::postgres(pgweir_.tcp());
  third.send(extended("PREPARE p AS SELECT 7"));
  EXPECT_FALSE(second_.has_input(std::chrono::milliseconds{100}));
  EXPECT_EQ(first_.value("SELECT count(*) FROM mine"), "0");
  first_.ask_sql("DROP TABLE mine");
  first_.goodbye();
  EXPECT_EQ(sqlstate_of(second_.read_until_ready()), "");
  EXPECT_FALSE(third.has_input(std::chrono::milliseconds{100}));
  second_.goodbye();
  EXPECT_EQ(sqlstate_of(third.read_until_ready()), "");
  EXPECT_EQ(third.value("EXECUTE p"), "7");
}

TEST_F(max_pinned, gives_the_place_of_one_who_has_left_the_line_to_the_next) {
  second_.send(frontend::query("PREPARE q AS SELECT 1"));
  auto third = wire_client::postgres(pgweir_.tcp());
  third.send(frontend::query("PREPARE q AS SELECT 1"));
  second_.abandon();
  first_.goodbye();
  EXPECT_EQ(sqlstate_of(third.read_until_ready()), "");
}

TEST_F(max_pinned, counts_how_long_they_wait_for_a_place) {
  const auto seconds = [&](const std::string& outcome) {
    return pgweir_.metric("pgweir_client_wait_seconds_sum", "outcome=\"" + outcome + "\"");
  };
  const auto waits = [&] { return pgweir_.metric("pgweir_client_connections", "state=\"waiting\"") == 1; };
  const auto before = seconds("ok");
  second_.send(frontend::query("PREPARE q AS SELECT 1"));
  EXPECT_FALSE(second_.has_input(std::chrono::milliseconds{200}));
  auto third = wire_client::postgres(pgweir_.tcp());
  first_.goodbye();
  EXPECT_EQ(sqlstate_of(second_.read_until_ready()), "");
  EXPECT_GE(seconds("ok"), before + 0.1);
  third.send(frontend::query("PREPARE q AS SELECT 1"));
  ASSERT_TRUE(eventually(waits));
  third.abandon();
  EXPECT_TRUE(eventually([&] { return seconds("disconnect") > 0; }));
}

TEST_F(max_pinned, is_a_place_only_for_as_long_as_something_is_kept) {
  first_.goodbye();
  for (auto* one : {&second_, &second_}) {
    EXPECT_EQ(sqlstate_of(one->ask_sql("BEGIN; CREATE TEMP TABLE t (a int); ROLLBACK")), "");
    auto other = wire_client::postgres(pgweir_.tcp());
    EXPECT_EQ(sqlstate_of(other.ask_sql("SELECT pg_advisory_lock(7), pg_advisory_unlock(7)")), "");
  }
}

TEST_F(max_pinned, does_not_hold_up_what_needs_no_place) {
  EXPECT_EQ(second_.value("SELECT 1"), "1");
  EXPECT_EQ(sqlstate_of(second_.ask_sql("BEGIN; CREATE TEMP TABLE t (a int) ON COMMIT DROP; COMMIT")), "");
  EXPECT_EQ(sqlstate_of(second_.ask_sql("SET work_mem = '77kB'")), "");
  EXPECT_EQ(sqlstate_of(first_.ask_sql("PREPARE q AS SELECT 1; PREPARE p AS SELECT 1")), "")
      << "it is pinned already";
}

TEST_F(max_pinned_with_errors, refuses_the_next_one) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(sqlstate_of(second_.ask_sql("PREPARE q AS SELECT 1")), "53300");
    EXPECT_EQ(sqlstate_of(second_.ask(extended("PREPARE q AS SELECT 1"))), "53300");
    EXPECT_EQ(second_.value("SELECT 1"), "1");
  }
  first_.goodbye();
  EXPECT_TRUE(eventually([&] { return sqlstate_of(second_.ask_sql("PREPARE q AS SELECT 1")).empty(); }));
}

TEST_F(max_pinned_with_errors, lets_those_listen_who_share_a_connection_for_it) {
  EXPECT_EQ(sqlstate_of(second_.ask_sql("LISTEN a")), "");
  EXPECT_EQ(sqlstate_of(second_.ask(extended("LISTEN b"))), "");
  second_.ask_sql("BEGIN; SELECT 1");
  EXPECT_EQ(sqlstate_of(second_.ask_sql("LISTEN c")), "");
  EXPECT_EQ(sqlstate_of(second_.ask_sql("COMMIT")), "");
}

TEST_F(max_pinned_where_each_listens_alone, refuses_the_next_one_that_listens) {
  EXPECT_EQ(sqlstate_of(second_.ask_sql("LISTEN a")), "53300");
  EXPECT_EQ(sqlstate_of(second_.ask(extended("LISTEN a"))), "53300");
}

TEST_F(max_pinned, refuses_in_a_transaction_which_then_fails) {
  for (const auto& unit : {frontend::query("PREPARE q AS SELECT 1"), extended("PREPARE q AS SELECT 1")}) {
    second_.ask_sql("BEGIN");
    EXPECT_EQ(second_.value("SELECT 1"), "1");
    const auto answer = second_.ask(unit);
    EXPECT_EQ(types_of(answer), "EZ");
    EXPECT_EQ(sqlstate_of(answer), "53300");
    EXPECT_EQ(answer.back().body, "E");
    EXPECT_EQ(sqlstate_of(second_.ask_sql("SELECT 1")), "25P02");
    EXPECT_EQ(second_.ask_sql("ROLLBACK").back().body, "I");
  }
  EXPECT_EQ(types_of(second_.exchange_all(frontend::query("BEGIN") + frontend::query("SELECT 1") +
                                              frontend::query("PREPARE q AS SELECT 1") +
                                              frontend::query("ROLLBACK"),
                                          4)),
            "CZTDCZEZCZ");
}

TEST_F(max_pinned, counts_what_was_only_found_out_afterwards) {
  const auto pinned = [&] { return pgweir_.metric("pgweir_pinned_servers"); };
  first_.ask_sql("DROP TABLE mine");
  first_.goodbye();
  ASSERT_TRUE(eventually([&] { return pinned() == 0; }));
  EXPECT_EQ(sqlstate_of(second_.ask_sql("DO $$BEGIN EXECUTE 'CREATE TEMP TABLE t (a int)'; END$$")), "");
  ASSERT_TRUE(eventually([&] { return pinned() == 1; }));
  auto third = wire_client::postgres(pgweir_.tcp());
  third.send(frontend::query("PREPARE q AS SELECT 1"));
  EXPECT_FALSE(third.has_input(std::chrono::milliseconds{100}));
  second_.goodbye();
  EXPECT_EQ(sqlstate_of(third.read_until_ready()), "");
}

TEST_F(max_pinned_over_workers, is_one_line_for_the_whole_process) {
  std::vector<wire_client> others;
  for (int i = 0; i < 8; ++i) others.push_back(wire_client::postgres(pgweir_.tcp()));
  for (auto& one : others) one.send(frontend::query("PREPARE q AS SELECT 1"));
  first_.goodbye();
  for (int served = 0; served < 8; ++served) {
    auto next = others.end();
    EXPECT_TRUE(eventually([&] {
      for (auto at = others.begin(); at != others.end(); ++at)
        if (at->has_input()) next = at;
      return next != others.end();
    }));
    ASSERT_NE(next, others.end());
    EXPECT_EQ(sqlstate_of(next->read_until_ready()), "");
    next->goodbye();
    others.erase(next);
  }
}

}  // namespace
}  // namespace pgweir::test
