// A cancel request reaches the query of the client whose key it names, and no other.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pgweir::test {
namespace {

constexpr const char* cancelled = "57014";

bool one_waits(const pgweir_process& pgweir) {
  return pgweir.metric("pgweir_client_connections", "state=\"waiting\"") == 1;
}

std::string running(const std::string& text) {
  return postgres::shared().value(
      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%" + text +
      "%' AND pid <> pg_backend_pid()");
}

TEST(cancel, ends_the_running_query_and_leaves_the_pipeline_behind_it_alone) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("SELECT pg_sleep(600) /* first */") + frontend::query("SELECT 'second'"));
  ASSERT_TRUE(eventually([] { return running("first */") == "1"; }));
  client.cancel();
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), cancelled);
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"second"});
}

TEST(cancel, storm_for_one_client_never_hits_the_next_owner_of_the_backend) {
  pgweir_process pgweir{proxied("size = 1")};
  auto stormed = wire_client::postgres(pgweir.tcp());
  auto bystander = wire_client::postgres(pgweir.tcp());
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::jthread short_queries([&] {
    while (!stop) {
      const auto state = sqlstate_of(stormed.ask_sql("SELECT 1"));
      if (!state.empty() && state != cancelled) ++wrong;
    }
  });
  const auto process_id = stormed.process_id();
  const auto key = stormed.key();
  std::vector<std::jthread> storm;
  for (int i = 0; i < 3; ++i)
    storm.emplace_back([&] {
      while (!stop) send_cancel(pgweir.tcp(), process_id, key);
    });
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(sqlstate_of(bystander.ask_sql("SELECT pg_sleep(0.03)")), "") << "query " << i;
  stop = true;
  storm.clear();
  short_queries.join();
  EXPECT_EQ(wrong, 0);
}

TEST(cancel, with_a_wrong_key_is_closed_without_a_word_and_without_effect) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("SELECT 'kept' FROM pg_sleep(0.2) /* wrong key */"));
  ASSERT_TRUE(eventually([] { return running("wrong key */") == "1"; }));
  auto key = client.key();
  key[3] = static_cast<char>(key[3] + 1);
  send_cancel(pgweir.tcp(), client.process_id(), key);
  send_cancel(pgweir.tcp(), client.process_id() + 1, client.key());
  send_cancel(pgweir.tcp(), 0xffffffffu, client.key());
  send_cancel(pgweir.tcp(), client.process_id(), "");  // too short to be counted as a cancel request
  send_cancel(pgweir.tcp(), client.process_id(), std::string(256, 'k'));
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"kept"});
  EXPECT_EQ(pgweir.metric("pgweir_cancels_total", "unknown_key"), 4);
}

class cancel_while_waiting : public testing::TestWithParam<std::string> {};

TEST_P(cancel_while_waiting, answers_at_once_and_leaves_the_client_usable) {
  pgweir_process pgweir{proxied("size = 1")};
  auto holder = wire_client::postgres(pgweir.tcp());
  auto waiting = wire_client::postgres(pgweir.tcp());
  holder.ask_sql("BEGIN; SELECT 1");
  waiting.send(GetParam());
  ASSERT_TRUE(eventually([&] { return one_waits(pgweir); }));
  waiting.cancel();
  const auto answer = waiting.read_until_ready();
  EXPECT_EQ(sqlstate_of(answer), cancelled);
  EXPECT_EQ(answer.back().body, "I");
  EXPECT_EQ(pgweir.metric("pgweir_cancels_total", "queued"), 1);
  holder.ask_sql("COMMIT");
  EXPECT_EQ(waiting.value("SELECT 'usable'"), "usable");
}

INSTANTIATE_TEST_SUITE_P(of, cancel_while_waiting,
                         testing::Values(frontend::query("SELECT 1"),
                                         frontend::parse("s", "SELECT 1") + frontend::bind("", "s") +
                                             frontend::execute() + frontend::sync()),
                         [](const auto& one) {
                           return one.index == 0 ? "a_simple_query" : "an_extended_query";
                         });

TEST(cancel, while_idle_does_nothing_to_the_next_query) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  for (int i = 0; i < 50; ++i) {
    client.cancel();
    EXPECT_EQ(sqlstate_of(client.ask_sql("SELECT 1")), "");
  }
}

TEST(cancel, finds_the_session_on_another_worker) {
  pgweir_process pgweir{proxied("size = 8", "workers = 2")};
  for (int i = 0; i < 8; ++i) {
    auto client = wire_client::postgres(pgweir.tcp());
    client.send(frontend::query("SELECT pg_sleep(600) /* two workers */"));
    ASSERT_TRUE(eventually([] { return running("two workers */") == "1"; }));
    client.cancel();
    EXPECT_EQ(sqlstate_of(client.read_until_ready()), cancelled);
  }
}

TEST(cancel, of_a_query_whose_client_has_gone_is_done_by_itself) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("SELECT pg_sleep(600) /* gone */"));
  ASSERT_TRUE(eventually([] { return running("gone */") == "1"; }));
  client.abandon();
  EXPECT_TRUE(eventually([] { return running("gone */") == "0"; }));
}

TEST(cancel, of_a_query_whose_client_has_gone_can_be_switched_off) {
  pgweir_process pgweir{proxied("size = 2\ncancel_on_disconnect = false")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("SELECT pg_sleep(600) /* stays */"));
  ASSERT_TRUE(eventually([] { return running("stays */") == "1"; }));
  client.abandon();
  ASSERT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections") == 0; }));
  EXPECT_EQ(running("stays */"), "1");
  postgres::shared().exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%stays */%' AND pid <> "
      "pg_backend_pid()");
}

TEST(cancel, terminate_sent_behind_a_query_lets_the_query_finish) {
  pgweir_process pgweir{proxied("size = 2")};
  postgres::shared().exec("DROP TABLE IF EXISTS finished; CREATE TABLE finished (id int)");
  auto client = wire_client::postgres(pgweir.tcp());
  client.send(frontend::query("INSERT INTO finished SELECT 1 FROM pg_sleep(0.1)") + frontend::terminate());
  client.abandon();
  EXPECT_TRUE(eventually([] { return postgres::shared().value("SELECT count(*) FROM finished") == "1"; }));
  EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_client_connections") == 0; }));
}

}  // namespace
}  // namespace pgweir::test
