// Statements that pgweir prepares in the place of unnamed ones, and of which it has no room for all, are
// answered as PostgreSQL answers directly: also while the tables that they read change.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace frontend;
using texts = std::vector<std::string>;

struct change {
  std::string name;
  std::string made;     // of the table changing
  std::string altered;  // what becomes of it
  std::string sql;
  std::vector<optional_text> values;  // of its parameters
};

class changing_table : public testing::TestWithParam<std::tuple<std::string, change>> {};

std::string in_one_unit(const change& what) {
  return parse("", what.sql) + frontend::bind("", "", what.values) + describe_portal("") + execute() + sync();
}
std::string first_half(const change& what) { return parse("", what.sql) + describe_statement("") + sync(); }
std::string second_half(const change& what) {
  return frontend::bind("", "", what.values) + execute() + sync();
}

// All of the answer; of one that fails only how: pgweir may have said ParseComplete in the server's place
// before the server finds that the table has changed, and the error comes a message later.
std::string printed(const std::vector<backend_message>& all) {
  if (const auto state = sqlstate_of(all); !state.empty())
    return state == "26000" ? "no statement" : "failed " + state;
  std::string text = types_of(all);
  for (const auto& one : all) {
    text += std::string("\n  ") + one.type + ' ';
    for (const char c : one.body)
      text += c >= ' ' && c <= '~' ? std::string(1, c) : std::to_string(static_cast<unsigned char>(c)) + '.';
  }
  return text;
}

// What the second half of a failed unit says does not matter.
bool is_same(const std::vector<backend_message>& through, const std::vector<backend_message>& straight) {
  return printed(through) == printed(straight) ||
         (printed(straight) == "no statement" && !sqlstate_of(through).empty());
}

// Each client parses anew, so it gets what it would get directly.
TEST_P(changing_table, is_seen_by_who_parses_each_time_as_directly) {
  const auto& [pool, what] = GetParam();
  pgweir_process pgweir{with_lanes(pool)};
  postgres::shared().exec("DROP TABLE IF EXISTS changing; " + what.made);
  auto client = wire_client::postgres(pgweir.tcp());
  auto straight = direct();
  for (const bool altered : {false, true}) {
    if (altered) postgres::shared().exec(what.altered);
    for (int turn = 0; turn < (altered ? 6 : 30); ++turn) {
      const auto where = std::string(altered ? "altered, " : "as made, ") + "turn " + std::to_string(turn);
      for (const auto& unit : {in_one_unit(what), first_half(what), second_half(what)})
        if (const auto got = client.ask(unit), wanted = straight.ask(unit); !is_same(got, wanted))
          ADD_FAILURE() << where << "\nthrough pgweir: " << printed(got) << "\ndirectly: " << printed(wanted);
    }
  }
  EXPECT_EQ(units_on_lanes(pgweir) > 20, pool.find("off") == std::string::npos);
}

// The same with a name, which each client gives for the first time.
TEST_P(changing_table, is_seen_by_new_clients_as_directly) {
  const auto& [pool, what] = GetParam();
  pgweir_process pgweir{with_lanes(pool)};
  postgres::shared().exec("DROP TABLE IF EXISTS changing; " + what.made);
  const auto unit =
      parse("s", what.sql) + frontend::bind("", "s", what.values) + describe_portal("") + execute() + sync();
  for (const bool altered : {false, true}) {
    if (altered) postgres::shared().exec(what.altered);
    for (int turn = 0; turn < (altered ? 6 : 20); ++turn) {
      const auto got = wire_client::postgres(pgweir.tcp()).ask(unit);
      const auto wanted = direct().ask(unit);
      if (!is_same(got, wanted))
        ADD_FAILURE() << (altered ? "altered, " : "as made, ") << "turn " << turn
                      << "\nthrough pgweir: " << printed(got) << "\ndirectly: " << printed(wanted);
    }
  }
}

std::string name_of_change(const testing::TestParamInfo<std::tuple<std::string, change>>& one) {
  const bool off = std::get<0>(one.param).find("off") != std::string::npos;
  return std::get<1>(one.param).name + (off ? "_on_leases" : "_on_lanes");
}

INSTANTIATE_TEST_SUITE_P(
    of, changing_table,
    testing::Combine(
        testing::Values("size = 1", "size = 2\nserver_round_robin = true\nmultiplex = \"off\""),
        testing::Values(
            change{"with_a_column_more",
                   "CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)",
                   "ALTER TABLE changing ADD b text DEFAULT 'new'",
                   "SELECT * FROM changing",
                   {}},
            change{"with_a_column_less",
                   "CREATE TABLE changing (a int, b int); INSERT INTO changing VALUES (1, 2)",
                   "ALTER TABLE changing DROP b",
                   "SELECT * FROM changing",
                   {}},
            change{"without_a_column_that_is_named",
                   "CREATE TABLE changing (a int, b int); INSERT INTO changing VALUES (1, 2)",
                   "ALTER TABLE changing DROP b",
                   "SELECT b FROM changing",
                   {}},
            change{"with_another_type_of_the_result",
                   "CREATE TABLE changing (a int, b int); INSERT INTO changing VALUES (1, 2)",
                   "ALTER TABLE changing ALTER b TYPE text",
                   "SELECT b FROM changing",
                   {}},
            change{"with_a_column_renamed",
                   "CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)",
                   "ALTER TABLE changing RENAME a TO b",
                   "SELECT a FROM changing",
                   {}},
            change{"dropped",
                   "CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)",
                   "DROP TABLE changing",
                   "SELECT a FROM changing",
                   {}},
            change{"made_anew",
                   "CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)",
                   "DROP TABLE changing; CREATE TABLE changing (a text); INSERT INTO changing VALUES ('2')",
                   "SELECT a FROM changing",
                   {}},
            change{"with_a_value_that_only_the_wider_type_holds",
                   "CREATE TABLE changing (id int, v text); INSERT INTO changing VALUES (1, 'one')",
                   "ALTER TABLE changing ALTER id TYPE bigint",
                   "SELECT v FROM changing WHERE id < $1 + 1",
                   {"2147483000"}})),
    name_of_change);

INSTANTIATE_TEST_SUITE_P(
    with_parameters, changing_table,
    testing::Combine(
        testing::Values("size = 1", "size = 2\nserver_round_robin = true\nmultiplex = \"off\""),
        testing::Values(
            change{"with_a_wider_type_of_the_parameter",
                   "CREATE TABLE changing (id int, v text); INSERT INTO changing VALUES (1, 'one')",
                   "ALTER TABLE changing ALTER id TYPE bigint",
                   "SELECT v FROM changing WHERE id = $1",
                   {"1"}},
            change{"with_another_type_of_the_parameter",
                   "CREATE TABLE changing (id int, v text); INSERT INTO changing VALUES (1, 'one')",
                   "ALTER TABLE changing ALTER id TYPE text",
                   "SELECT v FROM changing WHERE id = $1",
                   {"1"}})),
    name_of_change);

TEST(unnamed_statements, are_shared_unless_switched_off) {
  make_tables();
  const auto unit = unnamed("SELECT v FROM numbers WHERE id = $1", {"7"});
  for (const bool off : {false, true}) {
    pgweir_process pgweir{with_lanes(off ? "size = 1\nprepare_unnamed = \"off\"" : "size = 1")};
    warm_up(pgweir, unit);
    auto client = wire_client::postgres(pgweir.tcp());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(first_columns(client.ask(unit)), texts{"n7"});
    EXPECT_EQ(pgweir.metric("pgweir_unnamed_shared_total") == 0, off);
  }
}

TEST(named_statements, of_which_a_backend_keeps_only_one_are_given_to_it_again_on_its_lane) {
  make_tables();
  pgweir_process pgweir{with_lanes("size = 1\nprepared_statements = 1")};
  warm_up(pgweir, unnamed("SELECT v || '0' FROM numbers WHERE id = $1", {"7"}));
  std::vector<wire_client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    clients.back().ask(parse("s", "SELECT v || '" + std::to_string(i) + "' FROM numbers WHERE id = $1") +
                       sync());
  }
  const auto before = units_on_lanes(pgweir);
  for (int turn = 1; turn <= 100; ++turn) {
    for (auto& one : clients) one.send(run_of("s", {std::to_string(turn)}));
    for (std::size_t i = 0; i < clients.size(); ++i)
      EXPECT_EQ(first_columns(clients[i].read_until_ready()), texts{name_of(turn) + std::to_string(i)});
  }
  EXPECT_GT(units_on_lanes(pgweir), before + 400);
  EXPECT_GT(pgweir.metric("pgweir_prepared_evictions_total"), 100);
}

TEST(named_statements, changed_under_a_lane_are_described_anew_to_who_asks_and_refused_to_who_does_not) {
  postgres::shared().exec(
      "DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  pgweir_process pgweir{with_lanes("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto described = frontend::bind("", "s") + describe_portal("") + execute() + sync();
  client.ask(parse("s", "SELECT * FROM changing") + sync());
  warm_up(pgweir, unnamed("SELECT * FROM changing"));
  for (int i = 0; i < 12; ++i) client.ask(run_of("s"));
  postgres::shared().exec("ALTER TABLE changing ADD b text DEFAULT 'new'");
  EXPECT_EQ(sqlstate_of(client.ask(run_of("s"))), "0A000");
  const auto answer = client.ask(described);
  EXPECT_EQ(types_of(answer), "2TDCZ");
  EXPECT_EQ(answer.at(2).columns(), (texts{"1", "new"}));
}

}  // namespace
}  // namespace pgweir::test
