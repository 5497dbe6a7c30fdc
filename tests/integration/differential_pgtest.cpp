// Random pipelines get the same bytes through pgweir as directly from PostgreSQL.
//
// Several clients share few backends that go round, so that each batch may meet another backend. The two
// sides work on two databases made of one template, so that even table OIDs are equal. Nothing is normalised
// but what same() says; BackendKeyData comes at login only and is not compared. A failing seed is run alone
// with PGWEIR_SEED=n PGWEIR_SEEDS=1.
#include "tests/integration/lanes.hpp"
#include "tests/integration/random_pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace pgweir::test {
namespace {

constexpr int clients = 5;
constexpr int rounds = 6;

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* given = std::getenv(variable);
  return given == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
}

std::string printed(const std::vector<backend_message>& all, std::size_t at) {
  if (at >= all.size()) return "    nothing\n";
  const auto& one = all[at];
  std::string text = std::string("    ") + one.type + ' ';
  for (const char c : one.body.substr(0, 300)) text += c >= ' ' && c <= '~' ? c : '.';
  return text + '\n';
}

// In an aborted transaction PostgreSQL refuses Parse before anything else. So where the backend has first to
// be given the statement, the Parse says what directly the Bind says, or would say if its parameters were not
// wrong as well.
bool same(const backend_message& direct, const backend_message& through) {
  if (direct == through) return true;
  // A Bind in the middle of a COPY: the server meets the Parse that pgweir sends before it.
  const std::string in_copy = "during COPY from stdin";
  if (direct.field('M').ends_with(in_copy) && through.field('M').ends_with(in_copy)) return true;
  return through.sqlstate() == "25P02" && through.field('R') == "exec_parse_message" &&
         (direct.field('R') == "exec_bind_message" || direct.field('R') == "exec_describe_statement_message");
}

// The end of the unit that `at` is in.
std::size_t behind_ready(const std::vector<backend_message>& all, std::size_t at) {
  while (at < all.size() && all[at].type != 'Z') ++at;
  return at + 1;
}

// Empty: equal. Where a failed transaction refuses the Parse that pgweir has to send first, the rest of that
// unit is not answered; directly PostgreSQL still describes a statement without rows, or closes one.
std::string difference(const std::vector<backend_message>& direct,
                       const std::vector<backend_message>& through) {
  std::size_t d = 0;
  std::size_t t = 0;
  while (d < direct.size() && t < through.size()) {
    if (same(direct[d], through[t])) {
      ++d, ++t;
    } else if (through[t].sqlstate() == "25P02" && through[t].field('R') == "exec_parse_message") {
      d = behind_ready(direct, d);
      t = behind_ready(through, t);
    } else {
      break;
    }
  }
  if (d >= direct.size() && t >= through.size()) return {};
  return "message " + std::to_string(d) + " of " + types_of(direct) + " (" + types_of(through) +
         " through pgweir)\n  directly:\n" + printed(direct, d) + "  through pgweir:\n" + printed(through, t);
}

// Appends to `all` up to the ReadyForQuery behind the token, or a FATAL.
void read_to_token(wire_client& from, const std::string& token, std::vector<backend_message>& all) {
  for (bool seen = false;;) {
    all.push_back(from.read());
    if (all.back().type == 'D') seen = seen || all.back().body.ends_with(token);
    if ((seen && all.back().type == 'Z') || all.back().field('V') == "FATAL") return;
  }
}

bool ends_fatally(const std::vector<backend_message>& all) {
  return !all.empty() && all.back().field('V') == "FATAL";
}

class differential : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto& server = postgres::shared();
    server.exec("DROP DATABASE IF EXISTS base");
    server.exec("CREATE DATABASE base");
    for (int i = 0; i < clients; ++i) {
      const auto n = std::to_string(i);
      server.exec(
          "CREATE TABLE t" + n + " (id int PRIMARY KEY, v text); CREATE TABLE r" + n + " (id int, v text)",
          "base");
    }
  }

  // Fresh copies: one seed does not depend on those before it.
  static void make_databases() {
    for (const std::string name : {"direct", "through"}) {
      postgres::shared().exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
      postgres::shared().exec("CREATE DATABASE " + name + " TEMPLATE base");
    }
  }

  static std::string converse(std::uint32_t seed, int number, const endpoint& proxy) try {
    random_pipelines source{seed, number};
    auto direct =
        wire_client::log_in({postgres::shared().directory(), postgres::shared().port()},
                            {{"user", "postgres"}, {"database", "direct"}}, {}, std::chrono::seconds{20});
    auto through = wire_client::log_in(proxy, {{"user", "postgres"}, {"database", "through"}}, {},
                                       std::chrono::seconds{20});
    std::string history;
    for (int round = 0; round < rounds; ++round) {
      const auto sent = source.next();
      const auto where = "seed " + std::to_string(seed) + ", client " + std::to_string(number) + ", round " +
                         std::to_string(round) + ": ";
      history += " round " + std::to_string(round) + '\n' + sent.description();
      direct.send(sent.bytes());
      std::vector<backend_message> expected;
      std::vector<backend_message> got;
      read_to_token(direct, sent.end_token, expected);
      try {
        through.send_cut(sent.bytes(), [&source] { return source.piece(); });
        read_to_token(through, sent.end_token, got);
        const auto wrong = difference(expected, got);
        if (!wrong.empty()) return where + wrong + history;
        if (ends_fatally(expected)) return {};
      } catch (const std::exception& error) {
        // Who still sends when the other side has closed may lose its last words.
        if (ends_fatally(expected)) return {};
        return where + error.what() + "; directly " + types_of(expected) + ", through pgweir " +
               types_of(got) + '\n' + history;
      }
    }
    return {};
  } catch (const std::exception& error) {
    return "seed " + std::to_string(seed) + ", client " + std::to_string(number) + ": " + error.what() + '\n';
  }
};

struct sharing {
  std::string name;
  std::string pool;
  int readers;  // in the background
};

class random_conversations : public differential, public testing::WithParamInterface<sharing> {};

TEST_P(random_conversations, get_the_same_bytes_as_directly) {
  const auto first = number_from("PGWEIR_SEED", 1);
  const auto count = number_from("PGWEIR_SEEDS", 15);
  pgweir_process pgweir{with_lanes("server_round_robin = true\nprepared_statements = 3\n" + GetParam().pool)};
  for (auto seed = first; seed < first + count; ++seed) {
    make_databases();
    std::vector<std::string> wrong(clients);
    {
      background_reads readers{pgweir.tcp(), GetParam().readers, {}, "through"};
      std::vector<std::jthread> all;
      for (int i = 0; i < clients; ++i)
        all.emplace_back([&wrong, &pgweir, seed, i] {
          wrong[static_cast<std::size_t>(i)] = converse(seed, i, pgweir.tcp());
        });
      all.clear();
      if (GetParam().readers > 0) readers.expect_all_well();
    }
    for (const auto& one : wrong) EXPECT_EQ(one, "") << pgweir.log();
    if (HasFailure()) return;
  }
  EXPECT_EQ(units_on_lanes(pgweir) > 0, GetParam().readers > 0);
}

INSTANTIATE_TEST_SUITE_P(with, random_conversations,
                         testing::Values(sharing{"leases_only", "size = 2\nmultiplex = \"off\"", 0},
                                         sharing{"lanes", "size = 3", 4},
                                         sharing{"one_backend_for_all", "size = 1", 4}),
                         [](const auto& one) { return one.param.name; });

TEST_F(differential, a_client_is_greeted_with_the_same_parameters_as_directly) {
  pgweir_process pgweir{pgweir_process::trusting(postgres::shared().server() + " password=postgres")};
  const parameters startup{
      {"user", "postgres"}, {"database", "base"}, {"application_name", "an application"}};
  auto direct = wire_client::log_in({postgres::shared().directory(), postgres::shared().port()}, startup)
                    .server_parameters();
  auto through = wire_client::log_in(pgweir.tcp(), startup).server_parameters();
  std::sort(direct.begin(), direct.end());
  std::sort(through.begin(), through.end());
  EXPECT_EQ(direct, through);
}

}  // namespace
}  // namespace pgweir::test
