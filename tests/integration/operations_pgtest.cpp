// What operators rely on: TLS on both sides, metrics, the log, and servers that come, go and are full.
#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {
namespace {

constexpr const char* own_pid = "SELECT pg_backend_pid()";

using libpq_connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;

libpq_connection connect(const pgweir_process& pgweir, const std::string& more) {
  const auto text = "host=localhost hostaddr=127.0.0.1 port=" + std::to_string(pgweir.port()) +
                    " user=postgres dbname=postgres connect_timeout=30 " + more;
  return {PQconnectdb(text.c_str()), &PQfinish};
}

std::string server_with_tls(const std::string& hosts) {
  const auto& server = postgres::shared();
  return hosts + " port=" + std::to_string(server.port()) +
         " password=postgres sslmode=verify-full channel_binding=require sslrootcert=" + server.certificate();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

TEST(tls, of_clients_is_verified_by_libpq_and_plain_tcp_is_refused) {
  const auto& files = postgres::shared().directory();
  auto options = proxied("size = 1");
  options.listen = "tls.mode = \"require\"\ntls.certificate = \"" + files + "/server.crt\"\ntls.key = \"" +
                   files + "/server.key\"";
  pgweir_process pgweir{options};
  for (const std::string& mode : {std::string("sslmode=require"),
                                  "sslmode=verify-full sslrootcert=" + postgres::shared().certificate()}) {
    const auto client = connect(pgweir, mode);
    ASSERT_EQ(PQstatus(client.get()), CONNECTION_OK) << PQerrorMessage(client.get());
    EXPECT_TRUE(PQsslInUse(client.get()));
    const std::unique_ptr<PGresult, void (*)(PGresult*)> answer{
        PQexec(client.get(), "SELECT repeat('x', 1000000)"), &PQclear};
    EXPECT_EQ(PQgetlength(answer.get(), 0, 0), 1'000'000);
  }
  EXPECT_EQ(PQstatus(connect(pgweir, "sslmode=disable").get()), CONNECTION_BAD);
}

TEST(tls, to_the_server_is_verified_and_bound_to_the_login) {
  pgweir_process pgweir{pgweir_process::trusting(server_with_tls("host=localhost"), "size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(client.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "t");
}

TEST(tls, to_a_server_of_another_name_is_not_trusted) {
  pgweir_process pgweir{pgweir_process::trusting(server_with_tls("host=other.invalid hostaddr=127.0.0.1"),
                                                 "query_wait_timeout = \"500ms\"")};
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup({{"user", "postgres"}, {"database", "postgres"}}));
  const auto refusal = client.read_until('E').back();
  EXPECT_EQ(refusal.field('V'), "FATAL");
  EXPECT_NE((refusal.field('M') + refusal.field('D')).find("other.invalid"), std::string::npos)
      << refusal.field('M') << " - " << refusal.field('D');
}

TEST(metrics, each_histogram_of_a_query_is_observed) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  client.ask_sql("SELECT 1");
  client.ask_sql("BEGIN");
  client.ask_sql("SELECT 1/0");
  client.ask_sql("ROLLBACK");
  for (const std::string name : {"client_wait", "query_duration", "query_first_response",
                                 "transaction_duration", "server_connect_duration", "client_login_duration"})
    EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_" + name + "_seconds_count") > 0; })) << name;
  EXPECT_EQ(pgweir.metric("pgweir_query_duration_seconds_count"), pgweir.metric("pgweir_queries_total"));
}

TEST(metrics, a_user_with_quotes_in_its_name_does_not_break_the_exposition) {
  const std::string user = "a\"} 1";
  postgres::shared().exec(R"(DROP ROLE IF EXISTS "a""} 1"; CREATE ROLE "a""} 1" LOGIN PASSWORD 'postgres')");
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::log_in(pgweir.tcp(), {{"user", user}, {"database", "postgres"}});
  EXPECT_EQ(client.value("SELECT current_user"), user);
  EXPECT_EQ(pgweir.metric("pgweir_queries_total", R"(user="a\"} 1")"), 1);
  const auto judged = run({"promtool", "check", "metrics"}, pgweir.page("/metrics"));
  EXPECT_EQ(judged.status, 0) << "promtool is in Debian's package prometheus; it said: " << judged.output;
}

class log_lines : public testing::TestWithParam<std::string> {};

TEST_P(log_lines, tell_of_each_connection_once_and_of_no_secret) {
  const auto verifier =
      postgres::shared().value("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'");
  pgweir_process pgweir{pgweir_options{.rest = "[log]\nlevel = \"debug\"\nformat = \"" + GetParam() +
                                               "\"\n[databases.postgres]\nserver = \"" + shared_server() +
                                               "\"\n[users.postgres]\npassword = '" + verifier +
                                               "'\n[users.elephant]\npassword = \"never-forgets\"\n"}};
  const parameters who{{"user", "postgres"}, {"database", "postgres"}};
  for (int turn = 0; turn < 2; ++turn) {
    auto client = wire_client::log_in(pgweir.tcp(), who, "postgres");
    EXPECT_EQ(client.value("SELECT 1"), "1");
    client.goodbye();
  }
  EXPECT_THROW(wire_client::log_in(pgweir.tcp(), who, "wrong-guess"), std::runtime_error);
  // The server has no such role: pgweir's own login fails.
  EXPECT_THROW(
      wire_client::log_in(pgweir.tcp(), {{"user", "elephant"}, {"database", "postgres"}}, "never-forgets"),
      std::runtime_error);
  EXPECT_TRUE(eventually([&] { return count(pgweir.log(), "login failed") == 1; })) << pgweir.log();
  pgweir.stop();
  const auto log = pgweir.log();
  EXPECT_EQ(count(log, "client terminated"), 2u) << log;
  EXPECT_EQ(count(log, "client connected"), 3u) << log;
  EXPECT_EQ(count(log, "client disconnected"), 3u) << log;
  const auto keys = verifier.substr(verifier.rfind('$') + 1);
  const auto stored_key = keys.substr(0, keys.find(':'));
  const auto server_key = keys.substr(keys.find(':') + 1);
  for (const auto& secret : {std::string("never-forgets"), std::string("wrong-guess"),
                             std::string("password=postgres"), stored_key, server_key})
    EXPECT_EQ(count(log, secret), 0u) << log;
}

INSTANTIATE_TEST_SUITE_P(in, log_lines, testing::Values("text", "json"),
                         [](const auto& one) { return one.param; });

class own_server : public testing::Test {
 protected:
  pgweir_process in_front(const std::string& pool) {
    return pgweir_process{pgweir_process::trusting(server.server() + " password=postgres", pool)};
  }

  static bool has_failed_to_connect(const pgweir_process& pgweir) {
    return pgweir.metric("pgweir_server_connect_duration_seconds_count", "outcome=\"error\"") > 0;
  }

  postgres server{{.settings = {"max_connections = 4", "superuser_reserved_connections = 1"}}};
};

TEST_F(own_server, that_starts_after_pgweir_serves_the_client_that_waits_for_it) {
  server.stop();
  const auto pgweir = in_front("size = 1");
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup({{"user", "postgres"}, {"database", "postgres"}}) +
              frontend::query("SELECT 'here'"));
  ASSERT_TRUE(eventually([&] { return has_failed_to_connect(pgweir); }));
  server.start();
  client.read_until('Z');
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"here"});
}

TEST_F(own_server, that_restarts_between_queries_is_not_noticed) {
  const auto pgweir = in_front("size = 2\nmin_size = 2");
  auto client = wire_client::postgres(pgweir.tcp());
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(client.value("SELECT 'up'"), "up");
    server.restart();
  }
  EXPECT_EQ(client.value("SELECT 'up'"), "up");
}

class full_server : public own_server {
 protected:
  full_server() {
    server.exec("CREATE ROLE app LOGIN PASSWORD 'postgres'");
    for (int i = 0; i < 3; ++i)
      holders.push_back(wire_client::log_in({"127.0.0.1", server.port()}, app, "postgres"));
  }

  const parameters app{{"user", "app"}, {"database", "postgres"}};
  std::vector<wire_client> holders;  // of all places but the superuser's
};

TEST_F(full_server, lets_the_client_wait_for_a_free_place) {
  const auto pgweir = in_front("size = 4");
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup(app) + frontend::query("SELECT 'a place'"));
  ASSERT_TRUE(eventually([&] { return has_failed_to_connect(pgweir); }));
  EXPECT_FALSE(client.has_input());
  holders.pop_back();
  client.read_until('Z');
  EXPECT_EQ(first_columns(client.read_until_ready()), std::vector<std::string>{"a place"});
}

TEST_F(full_server, lets_the_pool_go_on_with_the_backends_that_it_has) {
  holders.pop_back();
  const auto pgweir = in_front("size = 4");
  auto first = wire_client::log_in(pgweir.tcp(), app);
  first.ask_sql("BEGIN; SELECT 1");
  auto second = wire_client::log_in(pgweir.tcp(), app);
  second.send(frontend::query("SELECT 'after you'"));
  ASSERT_TRUE(eventually([&] { return has_failed_to_connect(pgweir); }));
  EXPECT_FALSE(second.has_input());
  first.ask_sql("COMMIT");
  EXPECT_EQ(first_columns(second.read_until_ready()), std::vector<std::string>{"after you"});
}

TEST(signals, to_reload_are_declined_and_end_nothing) {
  pgweir_process pgweir{proxied("size = 1")};
  auto client = wire_client::postgres(pgweir.tcp());
  for (std::size_t times = 1; times <= 2; ++times) {
    pgweir.signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return count(pgweir.log(), "SIGHUP ignored") == times; })) << pgweir.log();
    EXPECT_EQ(client.value("SELECT 1"), "1");
  }
  EXPECT_EQ(pgweir.stop(), 0);
}

TEST(databases, that_the_configuration_does_not_know_are_refused) {
  pgweir_process pgweir{"[databases.postgres]\nserver = \"" + shared_server() +
                        "\"\n[users.postgres]\nauth = \"trust\"\n"};
  wire_client client{pgweir.tcp()};
  client.send(frontend::startup({{"user", "postgres"}, {"database", "nowhere"}}));
  const auto refusal = client.read_until('E').back();
  EXPECT_EQ(refusal.sqlstate(), "3D000");
  EXPECT_NE(refusal.field('M').find("\"nowhere\""), std::string::npos) << refusal.field('M');
  EXPECT_TRUE(client.at_end());
}

TEST(idle_backends, older_than_server_lifetime_are_replaced) {
  pgweir_process pgweir{proxied("size = 1\nserver_lifetime = \"200ms\"")};
  auto client = wire_client::postgres(pgweir.tcp());
  const auto pid = client.value(own_pid);
  EXPECT_TRUE(eventually([&] { return client.value(own_pid) != pid; }));
}

TEST(idle_backends, unused_for_server_idle_timeout_are_closed_down_to_min_size) {
  pgweir_process pgweir{proxied("size = 3\nmin_size = 1\nserver_idle_timeout = \"100ms\"")};
  {
    std::vector<wire_client> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(wire_client::postgres(pgweir.tcp()));
      clients.back().ask_sql("BEGIN; SELECT 1");
    }
    EXPECT_EQ(pgweir.metric("pgweir_server_connections"), 3);
    for (auto& client : clients) client.ask_sql("COMMIT");
  }
  EXPECT_TRUE(eventually([&] { return pgweir.metric("pgweir_server_connections") == 1; }))
      << pgweir.metric("pgweir_server_connections");
  EXPECT_EQ(wire_client::postgres(pgweir.tcp()).value("SELECT 1"), "1");
}

}  // namespace
}  // namespace pgweir::test
