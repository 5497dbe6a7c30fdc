// The relay at its limits: messages and streams of any size in bounded memory, whoever is slow.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgweir::test {
namespace {

constexpr std::size_t mega = 1024 * 1024;
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t scale = 10;  // sizes are divided by it
constexpr std::size_t most_resident = 400 * mega;
#else
constexpr std::size_t scale = 1;
constexpr std::size_t most_resident = 64 * mega;
#endif

// The server waits because nobody takes its answer.
bool server_is_held_up(std::size_t backends = 1) {
  return postgres::shared().value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'") ==
         std::to_string(backends);
}

std::string rows_of_100_kb(std::size_t count) {
  return "SELECT repeat('x', 100000) FROM generate_series(1, " + std::to_string(count) + ")";
}

// Rows that reach this table are counted by COPY, and stored nowhere.
void make_sink(wire_client& client) {
  client.ask_sql(
      "DROP TABLE IF EXISTS sink; CREATE TABLE sink (t text);"
      "CREATE OR REPLACE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER drop_row BEFORE INSERT ON sink FOR EACH ROW EXECUTE FUNCTION drop_row()");
}

TEST(relay_limits, names_of_statements_beyond_prepared_memory_end_their_client_alone) {
  using namespace frontend;
  auto options = proxied("size = 2");
  options.rest += "\n[limits]\nprepared_memory = \"1MiB\"\n";
  pgweir_process pgweir{options};
  auto other = wire_client::postgres(pgweir.tcp());
  auto client = wire_client::postgres(pgweir.tcp());
  std::string state;
  for (int i = 0; i < 20 && state.empty(); ++i) {
    client.send(parse(std::to_string(i) + std::string(100'000, 'n'), "SELECT 1") + sync());
    for (char type = ' '; type != 'Z' && type != 'E';) {
      const auto message = client.read();
      type = message.type;
      if (type == 'E') state = message.sqlstate();
    }
  }
  EXPECT_EQ(state, "53200");
  EXPECT_EQ(types_of(other.ask(parse(std::string(100'000, 'n'), "SELECT 1") + sync())), "1Z");
}

TEST(relay_limits, a_huge_result_to_a_slow_reader_stays_in_bounded_memory) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  const std::size_t rows = 10'000 / scale;
  client.send(frontend::query(rows_of_100_kb(rows)));
  ASSERT_TRUE(eventually([] { return server_is_held_up(); }));
  EXPECT_LT(pgweir.resident(), most_resident);
  std::size_t seen = 0;
  for (char type = 'T'; type != 'Z';) {
    const auto message = client.read();
    type = message.type;
    if (type == 'D') ++seen;
    if (type == 'D' && seen % (rows / 10) == 0) {
      EXPECT_LT(pgweir.resident(), most_resident);
    }
  }
  EXPECT_EQ(seen, rows);
  EXPECT_EQ(client.value("SELECT 1"), "1");
}

TEST(relay_limits, a_huge_copy_in_stays_in_bounded_memory) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  make_sink(client);
  client.send(frontend::query("COPY sink FROM STDIN"));
  client.read_until('G');
  std::string part;
  for (int i = 0; i < 16; ++i) part += frontend::copy_data(std::string(64 * 1024 - 1, 'y') + '\n');
  const std::size_t parts = 500 / scale;
  for (std::size_t i = 0; i < parts; ++i) {
    client.send(part);
    if (i % 50 == 0) {
      EXPECT_LT(pgweir.resident(), most_resident);
    }
  }
  const auto answer = client.ask(frontend::copy_done());
  EXPECT_EQ(types_of(answer), "CZ");
  EXPECT_LT(pgweir.resident(), most_resident);
}

TEST(relay_limits, a_huge_bind_parameter_streams_through) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  const std::size_t size = 200 * mega / scale;
  const auto answer = client.ask(frontend::parse("length_of", "SELECT length($1)", {25}) +
                                 frontend::bind("", "length_of", {std::string(size, 'p')}) +
                                 frontend::execute() + frontend::sync());
  EXPECT_EQ(first_columns(answer), std::vector<std::string>{std::to_string(size)});
  EXPECT_LT(pgweir.resident(), most_resident);
}

TEST(relay_limits, full_buffers_on_both_sides_do_not_block_each_other) {
  pgweir_process pgweir{proxied("size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  const std::size_t units = 10'000 / scale;
  const auto one = frontend::query("SELECT repeat('r', 10000) /*" + std::string(10'000, 'q') + "*/");
  std::string all;
  for (std::size_t i = 0; i < units; ++i) all += one;
  const auto answers = client.exchange_all(all, units);
  EXPECT_EQ(first_columns(answers).size(), units);
  EXPECT_LT(pgweir.resident(), most_resident);
}

TEST(relay_limits, many_slow_readers_cost_bounded_memory_and_give_it_back) {
  pgweir_process pgweir{proxied("size = 40")};
  auto first = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(first.value("SELECT 1"), "1");
  const auto before = pgweir.resident();
  constexpr std::size_t readers = 20;
  std::vector<wire_client> clients;
  for (std::size_t i = 0; i < readers; ++i) {
    clients.push_back(wire_client::postgres(pgweir.tcp()));
    clients.back().send(frontend::query(rows_of_100_kb(300)));
  }
  ASSERT_TRUE(eventually([] { return server_is_held_up(readers); }));
  EXPECT_LT(pgweir.resident(), most_resident);
  for (auto& client : clients) {
    EXPECT_EQ(first_columns(client.read_until_ready()).size(), 300u);
    client.goodbye();
  }
  EXPECT_LT(pgweir.resident(), before + most_resident / 4);
}

TEST(relay_limits, everything_may_come_one_byte_at_a_time) {
  pgweir_process pgweir{proxied("size = 2\nserver_round_robin = true")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto bytes = frontend::query("SELECT 'simple'") + frontend::parse("s", "SELECT $1::text") +
                     frontend::bind("", "s", {"extended"}) + frontend::describe_portal("") +
                     frontend::execute() + frontend::sync() + frontend::query("SELECT 1/0") +
                     frontend::query("SELECT 'last'");
  client.send_cut(bytes, [] { return std::size_t{1}; });
  const auto first = client.read_until_ready();
  EXPECT_EQ(first_columns(first), std::vector<std::string>{"simple"});
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"extended"});
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), "22012");
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"last"});
}

// A TLS record may end exactly where what was asked for ends, while the socket holds more.
TEST(relay_limits, a_result_over_tls_goes_on_when_its_reader_has_paused) {
  pgweir_process pgweir{proxied("size = 2")};
  for (int turn = 0; turn < 10; ++turn) {
    auto client = wire_client::postgres(pgweir.tcp(), std::chrono::seconds{5});
    client.send(frontend::query("COPY (SELECT generate_series(1, 5000000)) TO STDOUT"));
    client.read_until('H');
    ASSERT_TRUE(eventually([] { return server_is_held_up(); }));
    client.cancel();
    const auto answer = client.read_until_ready();
    EXPECT_EQ(sqlstate_of(answer), "57014");
    client.goodbye();
  }
}

}  // namespace
}  // namespace pgweir::test
