#include "tests/support/postgres.hpp"

#include "tests/support/process.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pgweir::test {
namespace {

constexpr const char* pg_cluster = PGWEIR_PG_CLUSTER;

void must_run(const std::vector<std::string>& command) {
  const auto done = run(command);
  if (done.status != 0) throw std::runtime_error(command.at(1) + ": " + done.output);
}

std::string make_directory() {
  std::string name = "/tmp/pgweir-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory in /tmp");
  ::chmod(name.c_str(), 0755);  // the tests read the certificate and reach the socket
  return name;
}

}  // namespace

postgres::postgres(postgres_options options) : directory_(make_directory()) {
  start_guard();
  std::vector<std::string> command{pg_cluster, "start", "--auth", options.auth, directory_};
  if (!options.settings.empty()) command.emplace_back("--");
  command.insert(command.end(), options.settings.begin(), options.settings.end());
  must_run(command);
  read_port();
}

postgres::~postgres() {
  ::close(guard_pipe_);
  ::waitpid(guard_, nullptr, 0);
}

// A shell in a process group of its own waits for the end of our end of the pipe, however we come to it.
void postgres::start_guard() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const char* arguments[] = {
      "sh",   "-c", "read -r _; \"$0\" stop \"$1\" immediate; rm -rf \"$1\"", pg_cluster, directory_.c_str(),
      nullptr};
  const int failed =
      posix_spawn(&guard_, "/bin/sh", &actions, &attributes, const_cast<char**>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[0]);
  guard_pipe_ = ends[1];
  if (failed != 0) throw std::runtime_error("cannot start /bin/sh");
}

void postgres::read_port() {
  std::ifstream file{directory_ + "/env"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto at = text.find("PGPORT=");
  if (at == std::string::npos)
    throw std::runtime_error("pg_cluster wrote no port into " + directory_ + "/env");
  port_ = std::atoi(text.c_str() + at + 7);
}

postgres& postgres::shared() {
  static postgres the_one{{.auth = "scram-sha-256", .settings = {"max_connections = 60"}}};
  return the_one;
}

std::string postgres::server() const { return "host=127.0.0.1 port=" + std::to_string(port_); }

std::string postgres::conninfo() const {
  return server() + " user=postgres password=postgres dbname=postgres";
}

void postgres::stop(const std::string& mode) { must_run({pg_cluster, "stop", directory_, mode}); }

void postgres::start() { must_run({pg_cluster, "start", directory_}); }

void postgres::append(const std::string& file, const std::string& line) const {
  std::ofstream out{directory_ + "/data/" + file, std::ios::app};
  out << line << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write to " + file);
}

void postgres::configure(const std::string& line) { append("postgresql.conf", line); }

void postgres::prepend_hba(const std::string& line) {
  const auto path = directory_ + "/data/pg_hba.conf";
  std::ifstream in{path};
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  std::ofstream out{path, std::ios::trunc};
  out << line << '\n' << before;
  if (!out.flush()) throw std::runtime_error("cannot write to pg_hba.conf");
}

rows postgres::exec(const std::string& sql, const std::string& database) const {
  const auto text =
      "host=" + directory_ + " port=" + std::to_string(port_) + " user=postgres dbname='" + database + "'";
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection{PQconnectdb(text.c_str()), &PQfinish};
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(connection.get(), sql.c_str()),
                                                              &PQclear};
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  rows all;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& one = all.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column)
      one.emplace_back(PQgetvalue(result.get(), row, column));
  }
  return all;
}

std::string postgres::value(const std::string& sql, const std::string& database) const {
  const auto all = exec(sql, database);
  if (all.empty() || all.front().empty()) throw std::runtime_error(sql + ": no row");
  return all.front().front();
}

}  // namespace pgweir::test
