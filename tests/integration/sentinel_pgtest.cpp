// Many clients, each asking for a token of its own, while clients, backends and queries are killed and
// cancelled: no answer is ever another one's, and every error is one that the disturbance explains.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

namespace pgweir::test {
namespace {

constexpr int clients = 16;
constexpr int asks_of_each = 1000;

// What cancelling and killing may lead to: a cancelled query, a terminated backend, a lost one.
const std::set<std::string> explained{"57014", "57P01", "08006"};

// Where the clients' cancel keys lie for whoever disturbs them.
class key_board {
 public:
  void put(int client, std::uint32_t process_id, const std::string& key) {
    const std::lock_guard guard{mutex_};
    keys_[client] = {process_id, key};
  }
  std::pair<std::uint32_t, std::string> of(int client) {
    const std::lock_guard guard{mutex_};
    return keys_[client];
  }

 private:
  std::mutex mutex_;
  std::pair<std::uint32_t, std::string> keys_[clients];
};

class sentinel {
 public:
  sentinel(int number, endpoint proxy, key_board& keys)
      : number_(number), proxy_(std::move(proxy)), keys_(keys), random_(static_cast<unsigned>(number)) {}

  void run() {
    for (int i = 0; i < asks_of_each && wrong.empty(); ++i) {
      try {
        if (!client_) connect();
        ask("client " + std::to_string(number_) + " ask " + std::to_string(i));
        if (random_() % 40 == 0) leave();
      } catch (const std::runtime_error& error) {
        // A broken connection is explained only by what the proxy said before it, which ask() has looked at.
        if (!told_fatal_) wrong = error.what();
        client_.reset();
      }
    }
  }

  std::string wrong;  // empty: all was as it should be
  int answered = 0;

 private:
  void connect() {
    told_fatal_ = false;
    client_ = wire_client::postgres(proxy_);
    keys_.put(number_, client_->process_id(), client_->key());
    // Equal names, other texts. A cancel request may hit this, too.
    const auto text = "SELECT 'client " + std::to_string(number_) + "' || $1";
    do examine(client_->ask(frontend::parse("s", text) + frontend::sync()), {});
    while (told_error_);
  }

  void leave() {
    if (random_() % 2 == 0) client_->send(frontend::query("SELECT pg_sleep(0.01), 'nobody reads this'"));
    client_.reset();
  }

  void ask(const std::string& token) {
    const auto literal = "SELECT '" + token + "'";
    switch (random_() % 6) {
      case 0:
        return examine(client_->ask(frontend::query(literal)), token);
      case 1:
        return examine(client_->ask(frontend::parse("", literal) + frontend::bind("", "") +
                                    frontend::execute() + frontend::sync()),
                       token);
      case 2:
        return examine(client_->ask(frontend::bind("", "s", {token.substr(token.find(" ask"))}) +
                                    frontend::execute() + frontend::sync()),
                       token);
      case 3:
        examine(
            client_->ask(frontend::parse("", literal) + frontend::describe_statement("") + frontend::sync()),
            {});
        if (told_error_) return;
        return examine(client_->ask(frontend::bind("", "") + frontend::execute() + frontend::sync()), token);
      case 4:
        examine(client_->ask_sql("BEGIN"), {});
        if (!told_error_) examine(client_->ask(frontend::query(literal)), token);
        return examine(client_->ask_sql("ROLLBACK"), {});
      default:
        // Two units at once.
        client_->send(frontend::query(literal) + frontend::query("SELECT pg_sleep(0.002), 1; " + literal));
        examine(client_->read_until_ready(), token);
        if (!told_fatal_) examine_last(client_->read_until_ready(), token);
    }
  }

  void examine(const std::vector<backend_message>& answer, const std::string& token) {
    note_errors(answer);
    const auto rows = first_columns(answer);
    if (token.empty() ? !rows.empty() : (!told_error_ && rows.size() != 1))
      wrong = "rows of " + types_of(answer) + " for " + token;
    for (const auto& row : rows)
      if (row != token) wrong = "\"" + row + "\" came for \"" + token + "\"";
    if (!told_error_ && !token.empty()) ++answered;
  }

  // Of an answer with several results, the last row counts.
  void examine_last(const std::vector<backend_message>& answer, const std::string& token) {
    note_errors(answer);
    const auto rows = first_columns(answer);
    if (!told_error_ && (rows.size() != 2 || rows.back() != token))
      wrong = "a batch was answered wrongly: " + types_of(answer);
  }

  void note_errors(const std::vector<backend_message>& answer) {
    told_error_ = false;
    for (const auto& one : answer) {
      if (one.type != 'E') continue;
      told_error_ = true;
      told_fatal_ = told_fatal_ || one.field('V') == "FATAL";
      if (!explained.contains(one.sqlstate())) wrong = one.sqlstate() + ' ' + one.field('M');
    }
    if (told_fatal_) throw std::runtime_error("told FATAL");
  }

  const int number_;
  const endpoint proxy_;
  key_board& keys_;
  std::mt19937 random_;
  std::optional<wire_client> client_;
  bool told_error_ = false;
  bool told_fatal_ = false;
};

void cancel_at_random(const endpoint& proxy, key_board& keys, const std::atomic<bool>& stop) {
  std::mt19937 random{7};
  while (!stop) {
    auto [process_id, key] = keys.of(static_cast<int>(random() % clients));
    if (key.empty()) continue;
    if (random() % 3 == 0) key[0] = static_cast<char>(key[0] + 1);
    send_cancel(proxy, process_id, key);
    std::this_thread::sleep_for(std::chrono::milliseconds{1 + random() % 5});
  }
}

void terminate_at_random(const std::atomic<bool>& stop) {
  while (!stop) {
    postgres::shared().exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND client_addr IS NOT NULL ORDER BY random() LIMIT 1");
    std::this_thread::sleep_for(std::chrono::milliseconds{40});
  }
}

struct sharing {
  std::string name;
  std::string pool;
  int readers;  // in the background
};

class sentinel_soak : public testing::TestWithParam<sharing> {};

TEST_P(sentinel_soak, no_client_ever_gets_an_answer_that_is_not_its_own) {
  pgweir_process pgweir{with_lanes(
      "size = 4\nserver_round_robin = true\nprepared_statements = 5\n" + GetParam().pool, "workers = 2")};
  background_reads readers{pgweir.tcp(), GetParam().readers, explained};
  key_board keys;
  std::vector<std::unique_ptr<sentinel>> all;
  for (int i = 0; i < clients; ++i) all.push_back(std::make_unique<sentinel>(i, pgweir.tcp(), keys));
  std::atomic<bool> stop = false;
  std::jthread canceller([&] { cancel_at_random(pgweir.tcp(), keys, stop); });
  std::jthread terminator([&] { terminate_at_random(stop); });
  std::vector<std::jthread> running;
  for (auto& one : all) running.emplace_back([&one] { one->run(); });
  running.clear();
  stop = true;
  if (GetParam().readers > 0) readers.expect_all_well();
  int answered = 0;
  for (const auto& one : all) {
    EXPECT_EQ(one->wrong, "");
    answered += one->answered;
  }
  EXPECT_GT(answered, clients * asks_of_each / 2);
  EXPECT_TRUE(pgweir.is_running()) << pgweir.log();
  EXPECT_GT(pgweir.metric("pgweir_cancels_total", "forwarded"), 0);
  EXPECT_GT(pgweir.metric("pgweir_cancels_total", "unknown_key"), 0);
  EXPECT_GT(pgweir.metric("pgweir_server_closes_total"), 0);
  EXPECT_EQ(units_on_lanes(pgweir) > 1000, GetParam().readers > 0);
}

INSTANTIATE_TEST_SUITE_P(with, sentinel_soak,
                         testing::Values(sharing{"leases_only", "multiplex = \"off\"", 0},
                                         sharing{"lanes", "", 8}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace pgweir::test
