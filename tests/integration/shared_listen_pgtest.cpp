// LISTEN in transaction mode: all clients that listen share one server connection, and each is told what it
// would be told directly, when it would be, and by whom.
#include "proxy/wire/notification.hpp"
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pgweir::test {
namespace {

struct heard {
  std::uint32_t process_id;
  std::string channel;
  std::string payload;
};

std::vector<heard> heard_in(const std::vector<backend_message>& messages) {
  std::vector<heard> all;
  for (const auto& one : messages) {
    if (one.type != 'A') continue;
    const auto said = wire::read_notification(wire::as_bytes(one.body));
    if (said) all.push_back({said->process_id, std::string(said->channel), std::string(said->payload)});
  }
  return all;
}

using texts = std::vector<std::string>;

texts texts_of(const std::vector<heard>& all) {
  texts found;
  for (const auto& one : all) found.push_back(one.channel + ":" + one.payload);
  return found;
}

// Shown whole if it is not what was expected.
std::string line(const texts& all) {
  std::string one;
  for (const auto& text : all) one += text + " ";
  return one;
}

// One connection for the hub, two that the clients take in turns.
class shared_listen : public testing::TestWithParam<const char*> {
 protected:
  explicit shared_listen(const std::string& more = {})
      : pgweir_(proxied("size = 3\nmin_size = 3\nserver_round_robin = true\n" + more,
                        std::string("workers = ") + GetParam())),
        one_(client()),
        other_(client()) {}

  wire_client client() { return wire_client::postgres(pgweir_.tcp()); }

  void listen(wire_client& who, const std::string& channels = "a") {
    for (const auto c : channels) ASSERT_EQ(sqlstate_of(who.ask_sql(std::string("LISTEN ") + c)), "");
    settles();
  }
  // Nothing is being moved any more.
  void settles() {
    EXPECT_TRUE(eventually([&] { return servers("active") == 1 && servers("idle_in_transaction") == 0; }))
        << pgweir_.page("/metrics");
  }
  double servers(const std::string& state) {
    return pgweir_.metric("pgweir_server_connections", "state=\"" + state + "\"");
  }
  double pinned() { return pgweir_.metric("pgweir_pinned_servers"); }
  double listening() { return pgweir_.metric("pgweir_listening_clients"); }

  static std::string notify(const std::string& channel, const std::string& payload) {
    return "NOTIFY " + channel + ", '" + payload + "'";
  }
  // What `who` is told at once, with the answer to a query.
  static texts told(wire_client& who, const std::string& sql = "SELECT 1") {
    return texts_of(heard_in(who.ask_sql(sql)));
  }

  pgweir_process pgweir_;
  wire_client one_;
  wire_client other_;
};

INSTANTIATE_TEST_SUITE_P(workers, shared_listen, testing::Values("1", "2"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(shared_listen, keeps_no_connection_for_its_clients) {
  listen(one_);
  listen(other_);
  EXPECT_EQ(listening(), 2);
  EXPECT_EQ(pgweir_.metric("pgweir_listened_channels"), 1);
  EXPECT_EQ(pinned(), 0);
  auto third = client();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(third.value("SELECT pg_listening_channels() UNION ALL SELECT ''"), "");
}

TEST_P(shared_listen, tells_an_idle_client_at_once) {
  listen(one_);
  other_.ask_sql(notify("a", "it rains"));
  EXPECT_EQ(texts_of(heard_in({one_.read()})), texts{"a:it rains"});
}

TEST_P(shared_listen, tells_what_a_client_has_sent_itself_before_its_query_is_answered) {
  listen(one_, "ab");
  for (int i = 0; i < 50; ++i) {
    const auto n = std::to_string(i);
    EXPECT_EQ(told(one_, notify("a", n)), texts{"a:" + n});
    EXPECT_EQ(told(one_, "SELECT pg_notify('b', '" + n + "')"), texts{"b:" + n});
    EXPECT_EQ(told(one_, notify("a", "1") + ";" + notify("b", "2")), (texts{"a:1", "b:2"}));
  }
}

TEST_P(shared_listen, tells_what_was_sent_before_a_client_asks) {
  listen(one_);
  for (int i = 0; i < 50; ++i) {
    other_.ask_sql(notify("a", std::to_string(i)));
    EXPECT_EQ(told(one_), texts{"a:" + std::to_string(i)});
  }
}

TEST_P(shared_listen, tells_a_client_in_a_transaction_when_that_has_ended) {
  listen(one_);
  one_.ask_sql("BEGIN");
  other_.ask_sql(notify("a", "meanwhile"));
  EXPECT_EQ(told(one_), texts{});
  EXPECT_EQ(told(one_, notify("a", "mine")), texts{});
  EXPECT_EQ(told(one_, "COMMIT"), (texts{"a:meanwhile", "a:mine"}));
}

TEST_P(shared_listen, tells_nothing_that_was_rolled_back) {
  listen(one_);
  other_.ask_sql("BEGIN");
  other_.ask_sql(notify("a", "never"));
  other_.ask_sql("ROLLBACK");
  EXPECT_EQ(told(one_), texts{});
}

TEST_P(shared_listen, is_over_with_unlisten) {
  listen(one_, "ab");
  one_.ask_sql("UNLISTEN a");
  other_.ask_sql(notify("a", "1") + ";" + notify("b", "2"));
  EXPECT_EQ(told(one_), texts{"b:2"});
  EXPECT_EQ(told(one_, notify("b", "3") + "; UNLISTEN *"), texts{});
  EXPECT_EQ(told(one_, notify("b", "4")), texts{});
  EXPECT_TRUE(eventually([&] { return listening() == 0 && servers("active") == 0; }));
}

TEST_P(shared_listen, keeps_what_a_rollback_keeps) {
  listen(one_);
  one_.ask_sql("BEGIN; UNLISTEN *; LISTEN b; ROLLBACK");
  one_.ask_sql("BEGIN");
  one_.ask_sql("SAVEPOINT s");
  one_.ask_sql("UNLISTEN a");
  one_.ask_sql("ROLLBACK TO s");
  one_.ask_sql("LISTEN c");
  one_.ask_sql("COMMIT");
  EXPECT_EQ(told(one_, notify("a", "1") + ";" + notify("b", "2") + ";" + notify("c", "3")),
            (texts{"a:1", "c:3"}));
}

TEST_P(shared_listen, shows_a_client_its_own_channels) {
  listen(one_, "ab");
  listen(other_, "c");
  const auto* channels = "SELECT string_agg(c, ',' ORDER BY c) FROM pg_listening_channels() c";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(one_.value(channels), "a,b");
    EXPECT_EQ(other_.value(channels), "c");
  }
}

TEST_P(shared_listen, begins_in_functions_too) {
  ASSERT_EQ(sqlstate_of(one_.ask_sql("DO $$BEGIN EXECUTE 'LISTEN \"A \"\"b\"\" c\"'; END$$")), "");
  settles();
  other_.ask_sql("SELECT pg_notify('A \"b\" c', 'x')");
  EXPECT_EQ(told(one_), texts{"A \"b\" c:x"});
}

TEST_P(shared_listen, loses_and_doubles_nothing_while_channels_move) {
  auto talker = client();
  int sent = 0;
  texts expected, seen;
  for (char c = 'a'; c <= 'j'; ++c) {
    one_.send(frontend::query(std::string("LISTEN ") + c));
    const auto answer = texts_of(heard_in(one_.read_until_ready()));
    seen.insert(seen.end(), answer.begin(), answer.end());
    for (int i = 0; i < 20; ++i) {
      const auto n = std::to_string(++sent);
      talker.ask_sql(notify(std::string(1, c), n));
      expected.push_back(std::string(1, c) + ":" + n);
    }
  }
  while (seen.size() < expected.size()) {
    const auto more = texts_of(heard_in({one_.read()}));
    seen.insert(seen.end(), more.begin(), more.end());
  }
  EXPECT_EQ(told(one_), texts{});
  EXPECT_EQ(line(seen), line(expected));
}

TEST_P(shared_listen, names_the_sender_as_it_knows_itself) {
  listen(one_);
  const auto own = heard_in(one_.ask_sql(notify("a", "x")));
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].process_id, one_.process_id());
  other_.ask_sql(notify("a", "y"));
  const auto others = heard_in(one_.ask_sql("SELECT 1"));
  ASSERT_EQ(others.size(), 1u);
  EXPECT_EQ(others[0].process_id, other_.process_id());
  auto third = client();
  const auto first = heard_in(third.ask_sql("LISTEN a; NOTIFY a, 'z'"));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].process_id, third.process_id());
  EXPECT_EQ(texts_of(heard_in({one_.read()})), texts{"a:z"});
}

// pg8000 and DBD::Pg compare with what they have asked by SQL.
TEST_P(shared_listen, names_who_has_asked_for_its_process_by_that_to_itself_alone) {
  listen(other_);
  const auto pid = one_.value("SELECT pg_backend_pid()");
  for (const auto* sql : {"BEGIN; LISTEN a; NOTIFY a, 'x'; COMMIT", "NOTIFY a, 'x'"}) {
    const auto own = heard_in(one_.ask_sql(sql));
    ASSERT_EQ(own.size(), 1u);
    EXPECT_EQ(std::to_string(own[0].process_id), pid);
    settles();
  }
  const auto others = heard_in(other_.ask_sql("SELECT 1"));
  ASSERT_EQ(others.size(), 2u);
  for (const auto& one : others) EXPECT_EQ(one.process_id, one_.process_id());
}

TEST_P(shared_listen, ends_with_its_client) {
  {
    auto gone = client();
    listen(gone);
    gone.goodbye();
  }
  EXPECT_TRUE(eventually([&] { return listening() == 0 && servers("active") == 0; }));
  listen(one_);
  EXPECT_EQ(told(one_, notify("a", "1")), texts{"a:1"});
}

TEST_P(shared_listen, goes_with_what_keeps_its_client_on_a_connection) {
  listen(one_);
  one_.ask_sql("CREATE TEMP TABLE mine (a int)");
  one_.ask_sql("LISTEN b");
  other_.ask_sql(notify("a", "1") + ";" + notify("b", "2"));
  EXPECT_EQ(told(one_), (texts{"a:1", "b:2"}));
  EXPECT_EQ(one_.value("SELECT count(*) FROM mine"), "0");
  one_.ask_sql("DROP TABLE mine");
  EXPECT_EQ(told(one_, notify("b", "3")), texts{"b:3"});
}

TEST_P(shared_listen, answers_pipelined_queries_in_order) {
  listen(one_);
  one_.send(frontend::query("NOTIFY a, '1'") + frontend::query("SELECT 7") +
            frontend::query("NOTIFY a, '2'"));
  std::string types;
  for (int i = 0; i < 3; ++i) types += types_of(one_.read_until_ready());
  EXPECT_EQ(types, "CAZTDCZCAZ");
  one_.send(frontend::parse("", "SELECT 7") + frontend::bind("", "") + frontend::execute() +
            frontend::sync() + frontend::parse("", "SELECT 8") + frontend::bind("", "") +
            frontend::execute() + frontend::sync());
  EXPECT_EQ(types_of(one_.read_until_ready()) + types_of(one_.read_until_ready()), "12DCZ12DCZ");
}

TEST(shared_listening, of_a_thousand_clients_takes_one_connection) {
  pgweir_process pgweir{proxied("size = 4", "workers = 2")};
  constexpr int clients = 1000;
  std::vector<wire_client> all;
  for (int i = 0; i < clients; ++i) all.push_back(wire_client::postgres(pgweir.tcp()));
  for (auto& one : all) one.send(frontend::query("LISTEN news"));
  for (auto& one : all) EXPECT_EQ(sqlstate_of(one.read_until_ready()), "");
  EXPECT_TRUE(eventually([&] {
    return pgweir.metric("pgweir_listening_clients") == clients &&
           pgweir.metric("pgweir_server_connections", "state=\"active\"") == 1;
  }));
  EXPECT_EQ(pgweir.metric("pgweir_pinned_servers"), 0);
  auto talker = wire_client::postgres(pgweir.tcp());
  for (int i = 0; i < 3; ++i) talker.ask_sql("NOTIFY news, '" + std::to_string(i) + "'");
  for (auto& one : all)
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(texts_of(heard_in({one.read()})), texts{"news:" + std::to_string(i)});
}

void expect_a_connection_of_its_own(const std::string& pool) {
  pgweir_process pgweir{proxied(pool, "workers = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("LISTEN a");
  EXPECT_EQ(texts_of(heard_in(client.ask_sql("NOTIFY a, '1'"))), texts{"a:1"});
  EXPECT_EQ(pgweir.metric("pgweir_pinned_servers", "reason=\"listen\""), 1);
  EXPECT_EQ(pgweir.metric("pgweir_listening_clients"), 0);
}

TEST(shared_listening, leaves_a_connection_for_queries) { expect_a_connection_of_its_own("size = 1"); }

TEST(shared_listening, is_not_when_switched_off) {
  expect_a_connection_of_its_own("size = 3\nshared_listen = false");
}

class lost_listen : public testing::Test {
 protected:
  // The first one's connection becomes that of all.
  static void listen(const pgweir_process& pgweir, std::vector<wire_client>& all) {
    all[0].ask_sql("SET application_name = 'first'; LISTEN a");
    for (std::size_t i = 1; i < all.size(); ++i) all[i].ask_sql("LISTEN a");
    ASSERT_TRUE(eventually([&] {
      return pgweir.metric("pgweir_listening_clients") == static_cast<double>(all.size()) &&
             pgweir.metric("pgweir_server_connections", "state=\"active\"") == 1;
    }));
  }
  // Of the connection through which all listen.
  static void kill() {
    EXPECT_EQ(postgres::shared().value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                       "WHERE application_name = 'first'"),
              "1");
  }
  static std::string pool(const std::string& loss) { return "size = 3\nlisten_loss = \"" + loss + "\""; }
};

TEST_F(lost_listen, closes_its_clients_in_the_servers_words) {
  pgweir_process pgweir{proxied(pool("close"), "workers = 2")};
  std::vector<wire_client> all;
  for (int i = 0; i < 4; ++i) all.push_back(wire_client::postgres(pgweir.tcp()));
  auto other = wire_client::postgres(pgweir.tcp());
  listen(pgweir, all);
  kill();
  for (auto& one : all) {
    EXPECT_EQ(one.read().sqlstate(), "57P01");
    EXPECT_TRUE(one.at_end());
  }
  EXPECT_EQ(other.value("SELECT 7"), "7");
  EXPECT_EQ(pgweir.metric("pgweir_listen_losses_total", "outcome=\"closed\""), 1);
  EXPECT_EQ(pgweir.metric("pgweir_listening_clients"), 0);
}

TEST_F(lost_listen, is_repaired_with_a_warning) {
  pgweir_process pgweir{proxied(pool("repair"), "workers = 2")};
  std::vector<wire_client> all;
  for (int i = 0; i < 4; ++i) all.push_back(wire_client::postgres(pgweir.tcp()));
  listen(pgweir, all);
  kill();
  for (auto& one : all) {
    const auto warning = one.read();
    EXPECT_EQ(warning.type, 'N');
    EXPECT_EQ(warning.sqlstate(), "01000");
  }
  all[0].ask_sql("NOTIFY a, '1'");
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(texts_of(heard_in({all[i].read()})), texts{"a:1"});
  EXPECT_EQ(pgweir.metric("pgweir_listen_losses_total", "outcome=\"repaired\""), 1);
}

// Of the server process with that number, as if its machine had hung.
class stopped_process {
 public:
  explicit stopped_process(pid_t pid) : pid_(pid) { EXPECT_EQ(::kill(pid_, SIGSTOP), 0); }
  stopped_process(const stopped_process&) = delete;
  stopped_process& operator=(const stopped_process&) = delete;
  ~stopped_process() { ::kill(pid_, SIGCONT); }

 private:
  pid_t pid_;
};

TEST_F(lost_listen, counts_as_lost_when_its_server_does_not_answer) {
  for (const auto* loss : {"close", "repair"}) {
    pgweir_process pgweir{proxied(pool(loss) + "\nlisten_timeout = \"300ms\"", "workers = 2")};
    std::vector<wire_client> all;
    for (int i = 0; i < 4; ++i) all.push_back(wire_client::postgres(pgweir.tcp()));
    listen(pgweir, all);
    EXPECT_FALSE(all[0].has_input(std::chrono::milliseconds{1000})) << "it answers as long as it can";
    const auto of_first = [](const std::string& what) {
      return postgres::shared().value("SELECT " + what +
                                      " FROM pg_stat_activity WHERE application_name = 'first'");
    };
    ASSERT_TRUE(eventually([&] { return of_first("count(*)") == "1"; }));
    const stopped_process hung{std::stoi(of_first("max(pid)"))};
    for (auto& one : all) {
      const auto told = one.read();
      EXPECT_EQ(told.type, *loss == 'c' ? 'E' : 'N');
      EXPECT_TRUE(*loss != 'c' || one.at_end());
    }
    if (*loss == 'c') continue;
    all[0].ask_sql("NOTIFY a, '1'");
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(texts_of(heard_in({all[i].read()})), texts{"a:1"});
  }
}

TEST(shared_listening, is_not_held_up_by_a_client_that_does_not_read) {
  pgweir_process pgweir{proxied("size = 3", "workers = 1")};
  auto deaf = wire_client::postgres(pgweir.tcp());
  auto client = wire_client::postgres(pgweir.tcp());
  deaf.ask_sql("LISTEN a");
  client.ask_sql("LISTEN a");
  auto talker = wire_client::postgres(pgweir.tcp());
  const std::string sql =
      "SELECT count(pg_notify('a', i || repeat('x', 7000))) FROM generate_series(1, 300) i";
  const auto listening = [&] { return pgweir.metric("pgweir_listening_clients"); };
  ASSERT_TRUE(eventually([&] { return listening() == 2; }));
  for (int round = 0; listening() == 2; ++round) {
    ASSERT_LT(round, 100);
    talker.ask_sql(sql);
    for (int i = 0; i < 300; ++i) ASSERT_EQ(client.read().type, 'A');
  }
  const auto is_logged = [&] {
    return pgweir.log().find("client takes no notifications") != std::string::npos;
  };
  EXPECT_TRUE(eventually(is_logged));
  EXPECT_EQ(texts_of(heard_in(client.ask_sql("NOTIFY a, '1'"))), texts{"a:1"});
}

}  // namespace
}  // namespace pgweir::test
