// Simple Queries on lanes: sent by the extended protocol, prepared once for all that differ in literals only,
// and answered as directly.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <signal.h>

namespace pgweir::test {
namespace {

using texts = std::vector<std::string>;

double prepared(const pgweir_process& pgweir) { return pgweir.metric("pgweir_queries_prepared_total"); }

// Until it travels on a lane and is prepared.
void warm_up_prepared(const pgweir_process& pgweir, const std::string& sql) {
  warm_up(pgweir, frontend::query(sql));
  auto client = wire_client::postgres(pgweir.tcp());
  const auto before = prepared(pgweir);
  for (int i = 0; i < 6; ++i) client.ask_sql(sql);
  if (prepared(pgweir) == before) throw std::runtime_error("not prepared: " + sql);
}

// A table with a column of each kind, two rows of values, and literals of all sorts to compare with.
const std::vector<std::pair<std::string, std::string>> kinds = {
    {"smallint", "7"},
    {"int", "7"},
    {"bigint", "99999999999"},
    {"numeric(10,2)", "7.50"},
    {"real", "7.5"},
    {"float8", "7"},
    {"oid", "7"},
    {"money", "7"},
    {"text", "x"},
    {"varchar(10)", "7"},
    {"char(5)", "x"},
    {"\"char\"", "x"},
    {"name", "x"},
    {"boolean", "t"},
    {"date", "2020-02-29"},
    {"timestamptz", "2020-02-29 12:00+00"},
    {"time", "12:00"},
    {"interval", "1 day"},
    {"uuid", "00000000-0000-0000-0000-000000000007"},
    {"inet", "10.0.0.7"},
    {"bytea", "x"},
    {"int[]", "{1,2}"},
    {"jsonb", "{\"a\": 7}"},
    {"int4range", "[1,7)"},
    {"weekday", "Sunday"},
    {"positive", "7"},
    {"short_text", "x"},
};

const texts literals = {"7",
                        "0",
                        "2147483647",
                        "2147483648",
                        "99999999999",
                        "'7'",
                        "''",
                        "'x'",
                        "'X'",
                        "'x '",
                        "'7.50'",
                        "'t'",
                        "'today'",
                        "'infinity'",
                        "'2020-02-29'",
                        "'2020-02-29 13:00+01'",
                        "'24:00'",
                        "'12:00'",
                        "'24 hours'",
                        "'00000000-0000-0000-0000-000000000007'",
                        "'10.0.0.7/32'",
                        "'{1,2}'",
                        "'{ \"a\" : 7 }'",
                        "'[1,6]'",
                        "'Sunday'",
                        "'Someday'"};

std::string column(std::size_t i) { return "c" + std::to_string(i); }
std::string compared(std::size_t i, const std::string& literal) {
  return "SELECT id, " + column(i) + ", pg_typeof(" + column(i) + ") AS kind FROM kinds WHERE " + column(i) +
         " = " + literal + " ORDER BY id";
}

void make_kinds() {
  std::string columns = "id int PRIMARY KEY";
  std::string values = "1";
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    columns += ", " + column(i) + " " + kinds[i].first;
    values += ", '" + kinds[i].second + "'";
  }
  postgres::shared().exec(
      "DROP TABLE IF EXISTS kinds; DROP TYPE IF EXISTS weekday; DROP DOMAIN IF EXISTS positive, short_text; "
      "CREATE TYPE weekday AS ENUM ('Saturday', 'Sunday'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); "
      "CREATE DOMAIN short_text AS varchar(3) COLLATE \"C\"; CREATE TABLE kinds (" +
      columns + "); INSERT INTO kinds VALUES (" + values + "); INSERT INTO kinds (id) VALUES (2)");
}

TEST(lane_queries, of_every_type_are_answered_as_directly_byte_for_byte) {
  make_kinds();
  pgweir_process pgweir{with_lanes("size = 1\nprepared_statements = 500")};
  auto alone = direct();
  auto client = wire_client::postgres(pgweir.tcp());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    SCOPED_TRACE(kinds[i].first);
    texts good, bad;
    for (const auto& literal : literals)
      (sqlstate_of(alone.ask_sql(compared(i, literal))).empty() ? good : bad).push_back(literal);
    ASSERT_FALSE(good.empty());
    for (const auto& literal : good) warm_up_prepared(pgweir, compared(i, literal));
    const auto before = prepared(pgweir);
    for (const auto& literal : good)
      EXPECT_EQ(client.ask_sql(compared(i, literal)), alone.ask_sql(compared(i, literal))) << literal;
    EXPECT_GE(prepared(pgweir) - before, static_cast<double>(good.size()) - 1);
    for (const auto& literal : bad)
      EXPECT_EQ(client.ask_sql(compared(i, literal)), alone.ask_sql(compared(i, literal))) << literal;
  }
}

class lane_query : public testing::Test {
 protected:
  static void SetUpTestSuite() { make_tables(); }

  void start(const std::string& sql) {
    pgweir.emplace(with_lanes("size = 1"));
    warm_up_prepared(*pgweir, sql);
    client.emplace(wire_client::postgres(pgweir->tcp()));
  }

  std::optional<pgweir_process> pgweir;
  std::optional<wire_client> client;
};

TEST_F(lane_query, is_parsed_once_for_all_that_differ_in_a_literal_only) {
  start("SELECT v FROM numbers WHERE id = 1");
  const auto parses = pgweir->metric("pgweir_prepared_server_parses_total");
  const auto before = prepared(*pgweir);
  for (int i = 1; i <= 100; ++i) EXPECT_EQ(first_columns(client->ask(number(i))), texts{name_of(i)});
  EXPECT_EQ(pgweir->metric("pgweir_prepared_server_parses_total"), parses);
  EXPECT_GE(prepared(*pgweir) - before, 97) << "all but those planned anew for comparison";
}

TEST_F(lane_query, shares_a_sync_with_others) {
  start("SELECT v FROM numbers WHERE id = 1");
  std::vector<wire_client> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(wire_client::postgres(pgweir->tcp()));
  const auto batches = pgweir->metric("pgweir_lane_batches_total");
  pgweir->signal(SIGSTOP);
  for (int i = 0; i < 6; ++i) clients[static_cast<std::size_t>(i)].send(number(i + 1));
  pgweir->signal(SIGCONT);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(first_columns(clients[static_cast<std::size_t>(i)].read_until_ready()), texts{name_of(i + 1)});
  EXPECT_LT(pgweir->metric("pgweir_lane_batches_total") - batches, 6);
}

TEST_F(lane_query, which_a_parameter_would_make_fail_goes_as_it_is) {
  const std::string grouped = "SELECT id = 7 FROM numbers WHERE id = 7 GROUP BY id = 7";
  pgweir.emplace(with_lanes("size = 1"));
  warm_up(*pgweir, frontend::query(grouped));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client->ask_sql(grouped), direct().ask_sql(grouped));
  const auto resent_ones = resent(*pgweir, "translated");
  EXPECT_GT(resent_ones, 0);
  EXPECT_LT(resent_ones, 20) << "it is remembered for a while";
}

TEST_F(lane_query, sees_a_new_column_at_once) {
  const std::string whole = "SELECT * FROM numbers WHERE id = 1";
  start(whole);
  EXPECT_EQ(client->ask_sql(whole).at(1).columns().size(), 2u);
  postgres::shared().exec("ALTER TABLE numbers ADD more text DEFAULT 'm'");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client->ask_sql(whole).at(1).columns(), (texts{"1", "n1", "m"}));
  postgres::shared().exec("ALTER TABLE numbers DROP more");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client->ask_sql(whole).at(1).columns(), (texts{"1", "n1"}));
}

TEST_F(lane_query, without_a_statement_is_answered_as_directly) {
  pgweir.emplace(with_lanes("size = 1"));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  auto alone = direct();
  for (const auto* nothing : {"", ";", "-- ping", "/* */"})
    for (int i = 0; i < 40; ++i) ASSERT_EQ(client->ask_sql(nothing), alone.ask_sql(nothing)) << nothing;
  EXPECT_GT(units_on_lanes(*pgweir), 0);
}

TEST_F(lane_query, with_grouping_sets_is_answered_as_directly) {
  pgweir.emplace(with_lanes("size = 1"));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  const std::string sets =
      "SELECT (id = 7), count(*) FROM numbers WHERE id < 9 GROUP BY GROUPING SETS ((id), ((id = 7))) ORDER "
      "BY 1, 2";
  warm_up(*pgweir, frontend::query(sets));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(client->ask_sql(sets), direct().ask_sql(sets));
}

TEST_F(lane_query, brings_a_notice_of_parsing_each_time) {
  pgweir.emplace(with_lanes("size = 1"));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  auto alone = direct();
  const std::string truncated = "SELECT v AS a" + std::string(70, 'a') + " FROM numbers WHERE id = 1";
  const auto before = units_on_lanes(*pgweir);
  for (int i = 0; i < 60; ++i) ASSERT_EQ(client->ask_sql(truncated), alone.ask_sql(truncated)) << i;
  EXPECT_GT(units_on_lanes(*pgweir), before);
}

// Half of all rows are of one status, as far as a plan for any status knows: it looks for them from the
// beginning of the table, where there are none.
TEST_F(lane_query, is_planned_by_itself_again_when_a_plan_for_any_value_is_slow) {
  postgres::shared().exec(
      "DROP TABLE IF EXISTS jobs; CREATE TABLE jobs (id int PRIMARY KEY, status text, pad text); "
      "INSERT INTO jobs SELECT i, CASE WHEN i > 200950 THEN 'pending' ELSE 'done' END, repeat('x', 50) "
      "FROM generate_series(1, 201000) i; CREATE INDEX ON jobs (status); ANALYZE jobs");
  pgweir.emplace(with_lanes("size = 1"));
  const std::string poll = "SELECT id FROM jobs WHERE status = 'pending' ORDER BY id LIMIT 5";
  warm_up(*pgweir, frontend::query(poll));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  const auto demoted = [&] { return pgweir->metric("pgweir_unnamed_demoted_total"); };
  for (int i = 0; i < 3000 && demoted() == 0; ++i) client->ask_sql(poll);
  EXPECT_EQ(demoted(), 1);
  const auto before = prepared(*pgweir);
  for (int i = 0; i < 100; ++i) client->ask_sql(poll);
  EXPECT_EQ(prepared(*pgweir), before);
  postgres::shared().exec("DROP TABLE jobs");
}

TEST_F(lane_query, drops_the_unnamed_statement) {
  start("SELECT v FROM numbers WHERE id = 1");
  client->ask(frontend::parse("", "SELECT 5") + frontend::sync());
  EXPECT_EQ(first_columns(client->ask(run_of(""))), texts{"5"});
  client->ask(number(3));
  EXPECT_EQ(sqlstate_of(client->ask(run_of(""))), "26000");
}

TEST_F(lane_query, goes_as_it_is_where_prepare_simple_is_off) {
  pgweir.emplace(with_lanes("size = 1\nprepare_simple = \"off\""));
  warm_up(*pgweir, number(1));
  client.emplace(wire_client::postgres(pgweir->tcp()));
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(first_columns(client->ask(number(i))), texts{name_of(i)});
  EXPECT_EQ(prepared(*pgweir), 0);
  EXPECT_EQ(pgweir->metric("pgweir_lane_batches_total"), 0);
}

}  // namespace
}  // namespace pgweir::test
