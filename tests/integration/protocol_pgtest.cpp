// The corners of PostgreSQL's protocol that drivers rarely use, as the server itself answers them.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {
namespace {

using namespace std::literals;
using frontend::execute;
using frontend::flush;
using frontend::parse;
using frontend::query;
using frontend::sync;

std::string parse_and_bind(std::string_view sql, std::string_view portal = {}) {
  return parse("", sql) + frontend::bind(portal, "");
}

bool contains(const backend_message& message, std::string_view text) {
  return message.body.find(text) != std::string::npos;
}

TEST(protocol, a_newer_minor_version_and_unknown_options_are_negotiated_down) {
  pgweir_process pgweir{proxied("size = 1")};
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup(
      {{"user", "postgres"}, {"database", "postgres"}, {"_pq_.zig", "1"}, {"_pq_.zag", "2"}},
      (3u << 16) + 2));
  const auto negotiated = client.read();
  EXPECT_EQ(negotiated.type, 'v');
  EXPECT_EQ(negotiated.body, "\0\3\0\0\0\0\0\2_pq_.zig\0_pq_.zag\0"s);  // 3.0, and the two names
  client.read_until('Z');
  EXPECT_EQ(client.value("SELECT 'agreed'"), "agreed");
}

TEST(protocol, login_and_query_may_come_one_byte_at_a_time) {
  pgweir_process pgweir{proxied("size = 1")};
  wire_client client{pgweir.tcp()};
  client.send_cut(
      frontend::startup({{"user", "postgres"}, {"database", "postgres"}}) + query("SELECT 'slowly'"),
      [] { return std::size_t{1}; });
  client.read_until('Z');
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"slowly"});
}

TEST(protocol, an_unknown_message_as_the_first_one_ends_the_session) {
  pgweir_process pgweir{proxied("size = 1")};
  const auto known = "BCDEFHPQSXcdf"sv;
  for (int type = 0; type < 256; ++type) {
    if (known.find(static_cast<char>(type)) != std::string_view::npos) continue;
    auto client = wire_client::postgres(pgweir.tcp());
    const auto answer = client.ask(frontend::message(static_cast<char>(type)));
    EXPECT_EQ(types_of(answer), "E") << type;
    EXPECT_EQ(sqlstate_of(answer), "08P01") << type;
    EXPECT_TRUE(client.at_end()) << type;
  }
}

TEST(protocol, copy_messages_outside_of_a_copy_are_ignored) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(types_of(client.ask(frontend::copy_data("1\n") + frontend::copy_done() +
                                frontend::copy_fail("late") + query("SELECT 1"))),
            "TDCZ");
}

TEST(protocol, a_function_call_is_answered_with_its_value) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto function = std::stoul(client.value("SELECT 'int4pl'::regproc::oid"));
  const auto answer = client.ask(frontend::function_call(static_cast<std::uint32_t>(function), {"40", "2"}));
  ASSERT_EQ(types_of(answer), "VZ");
  EXPECT_EQ(answer.front().body,
            "\0\0\0\2"
            "42"s);
}

TEST(protocol, a_portal_with_a_row_limit_goes_on_where_it_was_suspended) {
  pgweir_process pgweir{proxied("size = 2\nserver_round_robin = true\nmin_size = 2")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("BEGIN");
  const auto some =
      client.ask(parse_and_bind("SELECT generate_series(1, 3)::text", "p") + execute("p", 2) + sync());
  EXPECT_EQ(types_of(some), "12DDsZ");
  EXPECT_EQ(some.back().body, "T");
  const auto rest = client.ask(execute("p", 2) + sync());
  EXPECT_EQ(types_of(rest), "DCZ");
  EXPECT_EQ(first_columns(rest), std::vector<std::string>{"3"});
  EXPECT_EQ(types_of(client.ask_sql("COMMIT")), "CZ");
}

TEST(protocol, flush_gives_the_answers_and_keeps_the_backend_until_sync) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  auto other = wire_client::postgres(pgweir.tcp());
  client.send(parse_and_bind("SELECT 'mine'") + execute() + flush());
  EXPECT_EQ(types_of(client.read_until('C')), "12DC");
  other.send(query("SELECT 'next'"));
  ASSERT_TRUE(
      eventually([&] { return pgweir.metric("pgweir_client_connections", "state=\"waiting\"") == 1; }));
  client.send(parse_and_bind("SELECT 'still mine'") + execute() + flush());
  EXPECT_EQ(types_of(client.read_until('C')), "12DC");
  EXPECT_FALSE(other.has_input());
  EXPECT_EQ(types_of(client.ask(sync())), "Z");
  EXPECT_EQ(first_columns(other.read_until_ready()), std::vector<std::string>{"next"});
}

TEST(protocol, in_session_mode_a_notification_from_oneself_arrives) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("LISTEN news");
  client.ask_sql("BEGIN");
  EXPECT_EQ(types_of(client.ask_sql("NOTIFY news, 'it rains'")), "CZ");
  const auto answer = client.ask_sql("COMMIT");
  const auto news = types_of(answer).find('A');
  ASSERT_NE(news, std::string::npos) << types_of(answer);
  EXPECT_TRUE(contains(answer[news], "news\0it rains\0"sv));
}

TEST(protocol, in_session_mode_the_server_tells_what_set_changed) {
  pgweir_process pgweir{proxied("mode = \"session\"\nsize = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto answer = client.ask_sql("SET TimeZone = 'Asia/Tokyo'");
  const auto told = types_of(answer).find('S');
  ASSERT_NE(told, std::string::npos) << types_of(answer);
  EXPECT_EQ(answer[told].body, "TimeZone\0Asia/Tokyo\0"s);
}

class copy : public testing::Test {
 protected:
  copy() : pgweir(proxied("size = 1")), client(wire_client::postgres(pgweir.tcp())) {
    client.ask_sql("DROP TABLE IF EXISTS copied; CREATE TABLE copied (id int)");
  }

  // Through the only backend: whatever was begun is over.
  std::string rows_seen_by_another() {
    return wire_client::postgres(pgweir.tcp()).value("SELECT count(*) FROM copied");
  }

  pgweir_process pgweir;
  wire_client client;
};

TEST_F(copy, failed_by_the_client_of_a_simple_query) {
  client.send(query("COPY copied FROM STDIN"));
  client.read_until('G');
  const auto answer = client.ask(frontend::copy_data("1\n") + frontend::copy_fail("enough"));
  EXPECT_EQ(types_of(answer), "EZ");
  EXPECT_EQ(sqlstate_of(answer), "57014");
  EXPECT_TRUE(contains(answer.front(), "enough"));
  EXPECT_EQ(rows_seen_by_another(), "0");
}

TEST_F(copy, failed_by_the_client_of_an_extended_query) {
  client.send(parse_and_bind("COPY copied FROM STDIN") + execute() + flush());
  client.read_until('G');
  const auto answer = client.ask(frontend::copy_data("1\n") + frontend::copy_fail("enough") + sync());
  EXPECT_EQ(types_of(answer), "EZ");
  EXPECT_EQ(sqlstate_of(answer), "57014");
  EXPECT_EQ(rows_seen_by_another(), "0");
}

TEST_F(copy, done_by_the_client_of_an_extended_query) {
  client.send(parse_and_bind("COPY copied FROM STDIN") + execute() + flush());
  client.read_until('G');
  EXPECT_EQ(types_of(client.ask(frontend::copy_data("1\n2\n") + frontend::copy_done() + sync())), "CZ");
  EXPECT_EQ(rows_seen_by_another(), "2");
}

TEST_F(copy, out_to_a_client_that_vanishes_does_not_keep_its_backend) {
  client.send(query("COPY (SELECT generate_series(1, 2000000000)) TO STDOUT /* vanished */"));
  client.read_until('d');
  client.abandon();
  EXPECT_EQ(rows_seen_by_another(), "0");
  EXPECT_TRUE(eventually([] {
    return postgres::shared().value(
               "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
               "'%vanished */' AND pid <> pg_backend_pid()") == "0";
  }));
}

class replication : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_.emplace(postgres_options{.settings = {"wal_level = logical"}}); }
  static void TearDownTestSuite() { server_.reset(); }

  replication()
      : pgweir(pgweir_process::trusting(server_->server() + " password=postgres", "size = 2")),
        client(wire_client::log_in(
            pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}, {"replication", "database"}})) {}

  void expect_no_error(const std::vector<backend_message>& answer) {
    const auto error =
        std::find_if(answer.begin(), answer.end(), [](const auto& m) { return m.type == 'E'; });
    if (error != answer.end()) FAIL() << error->sqlstate() << ' ' << error->field('M');
  }

  // The server may still send a keepalive behind its CopyDone.
  void expect_stream_ends_on_demand() {
    client.send(frontend::copy_done());
    const auto ended = client.read_until_ready();
    expect_no_error(ended);
    const auto types = types_of(ended);
    EXPECT_NE(types.find('c'), std::string::npos) << types;
    EXPECT_TRUE(types.ends_with("CZ")) << types;
    EXPECT_EQ(client.value("SELECT 'sql again'"), "sql again");
  }

  static inline std::optional<postgres> server_;
  pgweir_process pgweir;
  wire_client client;
};

TEST_F(replication, of_the_write_ahead_log_streams_until_the_client_ends_it) {
  const auto system = client.ask_sql("IDENTIFY_SYSTEM");
  ASSERT_EQ(types_of(system), "TDCZ");
  const auto position = system[1].columns().at(2);
  client.send(query("START_REPLICATION PHYSICAL " + position + " TIMELINE 1"));
  EXPECT_EQ(client.read().type, 'W');
  server_->exec("SELECT pg_create_restore_point('something to stream')");
  EXPECT_TRUE(eventually([&] { return contains(client.read(), "something to stream"); }));
  expect_stream_ends_on_demand();
}

TEST_F(replication, of_changes_streams_until_the_client_ends_it) {
  server_->exec("CREATE TABLE changed (id int)");
  expect_no_error(
      client.ask_sql("CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL test_decoding NOEXPORT_SNAPSHOT"));
  client.send(query("START_REPLICATION SLOT s LOGICAL 0/0"));
  ASSERT_EQ(client.read().type, 'W');
  server_->exec("INSERT INTO changed VALUES (7)");
  EXPECT_TRUE(eventually([&] { return contains(client.read(), "INSERT: id[integer]:7"); }));
  expect_stream_ends_on_demand();
}

}  // namespace
}  // namespace pgweir::test
