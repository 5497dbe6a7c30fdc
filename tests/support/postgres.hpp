// tests/support/postgres.hpp - a throw-away PostgreSQL of the test's own: made by tests/support/pg_cluster,
// on a free port, in a directory of its own, superuser "postgres" with password "postgres", TLS on with a
// certificate for localhost. It ends with the test, also when the test crashes, and takes its directory with
// it. Touches nothing else.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace pgweir::test {

struct postgres_options {
  std::string auth =
      "scram-sha-256";                // what pg_hba.conf asks of TCP clients; the Unix socket trusts everyone
  std::vector<std::string> settings;  // lines of postgresql.conf
};

// Rows of text; NULL is "".
using rows = std::vector<std::vector<std::string>>;

class postgres {
 public:
  // All functions throw std::runtime_error when PostgreSQL does not do what was asked.
  explicit postgres(postgres_options options = {});
  postgres(const postgres&) = delete;
  postgres& operator=(const postgres&) = delete;
  ~postgres();

  // The one of this test executable, started on first use. A test that changes settings or stops it needs its
  // own.
  static postgres& shared();

  int port() const { return port_; }
  const std::string& directory() const { return directory_; }  // of the Unix socket, server.crt, log
  std::string certificate() const { return directory_ + "/server.crt"; }

  // "host=127.0.0.1 port=...": what a database's `server` key needs.
  std::string server() const;
  // server() and the superuser's name, password and database.
  std::string conninfo() const;

  // mode: smart, fast or immediate (a crash).
  void stop(const std::string& mode = "fast");
  // On the same port, with all data.
  void start();
  void restart() { stop(), start(); }
  // One more line of postgresql.conf; counts after reload() or restart().
  void configure(const std::string& line);
  // Puts a line in front of pg_hba.conf; counts after reload().
  void prepend_hba(const std::string& line);
  void reload() { exec("select pg_reload_conf()"); }

  // Runs SQL as the superuser through the Unix socket; the rows of its last statement.
  rows exec(const std::string& sql, const std::string& database = "postgres") const;
  // The first column of the first row.
  std::string value(const std::string& sql, const std::string& database = "postgres") const;

 private:
  void start_guard();
  void read_port();
  void append(const std::string& file, const std::string& line) const;

  std::string directory_;
  int port_ = 0;
  pid_t guard_ = -1;  // ends the cluster when the pipe closes
  int guard_pipe_ = -1;
};

}  // namespace pgweir::test
