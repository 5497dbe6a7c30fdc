#include "pool/io/loop.hpp"
#include "pool/server_login.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/run_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace pgweir::pool {
namespace {

namespace asio = boost::asio;
using test::postgres;

login_result log_in_now(const login_request& request) {
  asio::io_context context{1};
  std::optional<login_result> result;
  asio::co_spawn(context, log_in(request), [&](const std::exception_ptr& thrown, login_result made) {
    if (thrown) std::rethrow_exception(thrown);
    result = std::move(made);
  });
  if (!test::run_until(context, [&] { return result.has_value(); }))
    throw std::runtime_error("the login hangs");
  return std::move(*result);
}

login_request as_superuser(std::string conninfo, profile startup = {}) {
  return {.conninfo = std::move(conninfo),
          .database = "postgres",
          .user = "postgres",
          .password = "postgres",
          .application_name = "",
          .startup = std::make_shared<const profile>(std::move(startup)),
          .timeout = std::chrono::seconds{10}};
}

login_request as_superuser(profile startup = {}) {
  return as_superuser(postgres::shared().server(), std::move(startup));
}

server_connection connected(const login_request& request) {
  auto result = log_in_now(request);
  if (auto* failure = std::get_if<server_failure>(&result))
    throw std::runtime_error(failure->sqlstate + " " + failure->message);
  return std::move(std::get<server_connection>(result));
}

server_failure refused(const login_request& request) {
  auto result = log_in_now(request);
  if (result.index() == 0) throw std::runtime_error("the login succeeded");
  return std::get<server_failure>(result);
}

// Reads until ReadyForQuery, waiting for the socket.
std::string ask(server_connection& server, const std::string& sql) {
  std::string message{"Q"};
  const auto length = static_cast<std::uint32_t>(sql.size() + 5);
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(length >> shift);
  message += sql + '\0';
  server.stream.write(std::as_bytes(std::span{message}));
  std::string answer;
  while (!answer.ends_with(std::string("Z\0\0\0\5I", 6))) {
    std::byte part[4096];
    const auto got = server.stream.read(part);
    if (got.status == io::io_status::ok)
      answer.append(reinterpret_cast<const char*>(part), got.bytes);
    else if (got.status != io::io_status::want_read)
      throw std::runtime_error("lost the server: " + server.stream.error());
  }
  return answer;
}

TEST(server_login, leaves_a_socket_that_speaks_the_protocol) {
  auto server = connected(as_superuser());
  EXPECT_NE(ask(server, "select 'it works'").find("it works"), std::string::npos);
}

TEST(server_login, tells_the_parameters_and_the_process_id) {
  auto server = connected(as_superuser());
  EXPECT_NE(ask(server, "select pg_backend_pid()").find(std::to_string(server.welcome.process_id)),
            std::string::npos);
  std::map<std::string, std::string> told(server.welcome.parameters.begin(), server.welcome.parameters.end());
  EXPECT_EQ(told["server_encoding"], "UTF8");
  EXPECT_EQ(told["is_superuser"], "on");
  EXPECT_TRUE(told["server_version"].starts_with("15"));
  EXPECT_EQ(server.welcome.database, "postgres");
}

TEST(server_login, says_wrong_password_in_the_servers_words) {
  auto request = as_superuser();
  request.password = "wrong";
  const auto failure = refused(request);
  EXPECT_EQ(failure.sqlstate, "28P01");
  EXPECT_EQ(failure.message, "password authentication failed for user \"postgres\"");
  EXPECT_TRUE(failure.permanent);
}

TEST(server_login, says_that_a_password_is_missing) {
  auto request = as_superuser();
  request.password = "";
  const auto failure = refused(request);
  EXPECT_EQ(failure.sqlstate, "28P01");
  EXPECT_TRUE(failure.permanent);
  EXPECT_NE(failure.message.find("plain password"), std::string::npos);
}

TEST(server_login, knows_unknown_database_role_and_parameter_as_permanent) {
  auto database = as_superuser();
  database.database = "no_such_database";
  EXPECT_EQ(refused(database).sqlstate, "3D000");
  EXPECT_EQ(refused(database).message, "database \"no_such_database\" does not exist");
  EXPECT_TRUE(refused(database).permanent);

  auto role = as_superuser("host=" + postgres::shared().directory() +
                           " port=" + std::to_string(postgres::shared().port()));
  role.user = "no_such_role";
  EXPECT_EQ(refused(role).sqlstate, "28000");
  EXPECT_TRUE(refused(role).permanent);

  const auto unknown =
      refused(as_superuser({.options = "", .settings = {{"no_such_parameter", "1"}}, .replication = ""}));
  EXPECT_EQ(unknown.sqlstate, "42704");
  EXPECT_TRUE(unknown.permanent);

  const auto invalid =
      refused(as_superuser({.options = "", .settings = {{"work_mem", "lots"}}, .replication = ""}));
  EXPECT_EQ(invalid.sqlstate, "22023");
  EXPECT_TRUE(invalid.permanent);
}

TEST(server_login, passes_startup_parameters_with_awkward_values) {
  auto server =
      connected(as_superuser({.options = "-c work_mem=5MB",
                              .settings = {{"myapp.text", "a b\\c  'd'"}, {"search_path", "\"x y\", public"}},
                              .replication = ""}));
  EXPECT_NE(ask(server, "show work_mem").find("5MB"), std::string::npos);
  EXPECT_NE(ask(server, "show myapp.text").find("a b\\c  'd'"), std::string::npos);
  EXPECT_NE(ask(server, "show search_path").find("\"x y\", public"), std::string::npos);
}

TEST(server_login, lets_the_client_overrule_the_operators_options) {
  auto server =
      connected(as_superuser(postgres::shared().server() + " options='-c work_mem=6MB -c lock_timeout=7s'",
                             {.options = "", .settings = {{"work_mem", "8MB"}}, .replication = ""}));
  EXPECT_NE(ask(server, "show work_mem").find("8MB"), std::string::npos);
  EXPECT_NE(ask(server, "show lock_timeout").find("7s"), std::string::npos);
}

TEST(server_login, prefers_what_the_operator_configured) {
  auto request = as_superuser(postgres::shared().conninfo());
  request.database = "no_such_database";
  request.user = "nobody";
  request.password = "wrong";
  EXPECT_EQ(connected(request).welcome.database, "postgres");
}

TEST(server_login, takes_a_uri) {
  const auto uri =
      "postgresql://postgres:postgres@127.0.0.1:" + std::to_string(postgres::shared().port()) + "/template1";
  EXPECT_EQ(connected(as_superuser(uri)).welcome.database, "template1");
}

TEST(server_login, sets_the_application_name) {
  auto request = as_superuser();
  request.application_name = "my app";
  auto server = connected(request);
  EXPECT_NE(ask(server, "show application_name").find("my app"), std::string::npos);
}

TEST(server_login, resolves_host_names) {
  auto server = connected(as_superuser("host=localhost port=" + std::to_string(postgres::shared().port())));
  EXPECT_NE(ask(server, "select host(inet_server_addr())").find("127.0.0.1"), std::string::npos);
}

TEST(server_login, tries_the_next_host_when_the_first_is_unknown_or_down) {
  const auto port = std::to_string(postgres::shared().port());
  connected(as_superuser("host=does-not-exist.invalid,127.0.0.1,localhost port=" + port + ",1," + port));
}

TEST(server_login, says_which_host_name_is_unknown) {
  const auto failure = refused(as_superuser("host=does-not-exist.invalid"));
  EXPECT_EQ(failure.sqlstate, "08001");
  EXPECT_NE(failure.message.find("does-not-exist.invalid"), std::string::npos);
  EXPECT_FALSE(failure.permanent);
}

TEST(server_login, reads_on_over_tls_with_channel_binding) {
  auto& server = postgres::shared();
  auto secure = connected(
      as_superuser("host=localhost port=" + std::to_string(server.port()) +
                   " sslmode=verify-full channel_binding=require sslrootcert=" + server.certificate()));
  EXPECT_TRUE(secure.stream.is_tls());
  EXPECT_NE(ask(secure, "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()").find("TLSv1.3"),
            std::string::npos);
  const auto large = ask(secure, "select repeat('x', 300000)");
  EXPECT_GT(large.size(), 300000u);
}

TEST(server_login, calls_an_unreachable_server_transient) {
  const auto failure = refused(as_superuser("host=127.0.0.1 port=1"));
  EXPECT_EQ(failure.sqlstate, "08001");
  EXPECT_FALSE(failure.permanent);
  EXPECT_NE(failure.message.find("Connection refused"), std::string::npos);
}

TEST(server_login, gives_up_on_a_silent_server_at_the_deadline) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  char directory[] = "/tmp/pgweir-silent-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = std::string(directory) + "/.s.PGSQL.5432";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 5), 0);

  auto request = as_superuser(std::string("host=") + directory + " port=5432");
  request.timeout = std::chrono::milliseconds{50};
  const auto failure = refused(request);
  EXPECT_TRUE(failure.timed_out);
  EXPECT_FALSE(failure.permanent);
  EXPECT_EQ(failure.sqlstate, "08001");
  EXPECT_NE(failure.message.find("server_connect_timeout"), std::string::npos);
  ::close(listener);
  ::unlink(path.c_str());
  ::rmdir(directory);
}

TEST(server_login, refuses_an_invalid_connection_string) {
  EXPECT_TRUE(refused(as_superuser("host=127.0.0.1 prt=5432")).permanent);
  EXPECT_NE(check_conninfo("host=127.0.0.1 prt=5432").find("prt"), std::string::npos);
  EXPECT_EQ(check_conninfo("host=127.0.0.1 port=5432"), "");
}

TEST(server_login, enters_replication_mode) {
  auto server = connected(as_superuser({.options = "", .settings = {}, .replication = "database"}));
  EXPECT_NE(ask(server, "IDENTIFY_SYSTEM").find("systemid"), std::string::npos);
}

TEST(server_login, leaves_a_cancel_handle) {
  auto server = connected(as_superuser());
  ASSERT_NE(server.cancel, nullptr);
  EXPECT_EQ(server.cancel->send_cancel(), "");
}

}  // namespace
}  // namespace pgweir::pool
