// tests/support/pgweir_process.hpp - the pgweir program of this build, run with a configuration of the test's
// own on free ports. It ends with the test, also when the test crashes; its directory goes with it.
#pragma once

#include "tests/support/wire_client.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace pgweir::test {

// Pieces of TOML. The fixture puts the addresses into [listen] and [metrics] itself.
struct pgweir_options {
  std::string top = {};      // keys before the first table: "workers = 2"
  std::string listen = {};   // more keys of [listen]
  std::string metrics = {};  // more keys of [metrics]
  std::string rest = {};     // everything else: [limits], [pool], [databases.*], [users.*]
};

class pgweir_process {
 public:
  // Starts it and waits until /readyz says ready. Throws std::runtime_error, with the log, if it does not get
  // so far.
  explicit pgweir_process(pgweir_options options);
  // With all defaults but for `rest`.
  explicit pgweir_process(std::string rest) : pgweir_process(pgweir_options{.rest = std::move(rest)}) {}
  pgweir_process(const pgweir_process&) = delete;
  pgweir_process& operator=(const pgweir_process&) = delete;
  ~pgweir_process();

  // Every database name leads to `server` (a libpq connection string), every user is trusted; `pool` are keys
  // of [pool].
  static std::string trusting(const std::string& server, const std::string& pool = {});

  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }
  pid_t pid() const { return pid_; }
  const std::string& directory() const { return directory_; }  // of pgweir.toml, the Unix socket and the log
  endpoint tcp() const { return {"127.0.0.1", port_}; }
  endpoint unix_socket() const { return {directory_, port_}; }
  // For libpq: host and port, without user and database.
  std::string server() const { return "host=127.0.0.1 port=" + std::to_string(port_); }

  // What it has written to standard output and error so far.
  std::string log() const;
  // The body of an HTTP page of the metrics address. Throws unless the status is 200.
  std::string page(const std::string& path) const;
  // The sum of all samples of `name` whose labels contain `labels` as text, as in `outcome="ok"`. 0 if there
  // are none.
  double metric(const std::string& name, const std::string& labels = {}) const;
  // Resident memory in bytes.
  std::size_t resident() const;
  std::size_t open_descriptors() const;
  bool is_running();

  // SIGTERM, then waits for the end: exit status, or 128 + signal. SIGKILL if it takes more than 20 seconds.
  int stop();
  void signal(int number) const;

 private:
  void write_config(const pgweir_options& options) const;
  void launch();
  void wait_until_ready();
  bool wait_for_end(int seconds);

  std::string directory_;
  int port_ = 0;
  int metrics_port_ = 0;
  pid_t pid_ = -1;
  int status_ = 0;  // as of waitpid, once pid_ is -1
};

}  // namespace pgweir::test
