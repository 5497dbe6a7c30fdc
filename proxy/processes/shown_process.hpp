// proxy/processes/shown_process.hpp - a server process that stands for a client, whom somebody means by a
// number that the client was told (core/process_numbers.hpp).
//
// Of a client that has a backend, it is that backend's: the server's word reaches the client as always.
// Nobody else is given the backend while the number may be used, nor afterwards, as a signal may still be on
// its way (pool::hold). Of a client that has none it is a stand-in's.
#pragma once

#include "pool/pool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pgweir::proxy {

class process_desk;
class process_directory;

struct server_process {
  std::int32_t process_id = 0;
  std::string server;  // the address that its connection has reached, as bytes to be compared

  bool operator==(const server_process&) const = default;
};
server_process process_of(const pool::backend& connected);

struct shown_process : server_process {
  std::size_t worker = 0;
  std::uint64_t ticket = 0;  // of that worker's desk: what it is given back by
};

// The number is not used any more.
void withdraw(process_directory& all, const shown_process& shown);

// The session that has named a process.
struct process_asker {
  std::size_t worker = 0;
  std::uint64_t session = 0;
  std::int32_t process_id = 0;  // that it was told
  server_process runs_on;       // what is to execute its call
};

// A backend of the pool of a client that has none now: idle, with nothing to lose. When the server ends it,
// pgweir ends the client. Owner: the desk of the client's worker. Thread rule: the worker's thread.
class stand_in final : private pool::waiter, private pool::backend_user, private io::timeout {
 public:
  struct identity {
    std::uint64_t ticket = 0;
    std::int32_t client_number = 0;
    std::uint64_t session = 0;
    process_asker asker;
    std::int32_t named = 0;  // by what number
  };

  stand_in(process_desk& desk, io::loop& loop, pool::pool& from, const identity& who)
      : desk_(desk), loop_(loop), pool_(from), who_(who) {}
  ~stand_in();

  // The asker is answered when it has a backend, or can have none.
  void begin(const pool::shared_profile& startup);
  // What the server has been told of it by now it says before it answers another message: then the asker is
  // told; or it is over.
  void hear();
  void let_go();

 private:
  enum class stage : std::uint8_t {
    waits,  // for a backend
    shown,
    listens,  // the asker waits for what the server has to say
    leaves    // for the same
  };

  void on_backend(pool::lease granted) override;
  void on_no_backend(const pool::server_failure& why) override;
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_drained() override {}
  void on_server_lost(io::io_status) override { end(metrics::close_reason::server); }
  void on_timeout() override;
  void ask_server(stage next, std::chrono::milliseconds patience);
  void tell_asker();
  void end(metrics::close_reason why);

  process_desk& desk_;
  io::loop& loop_;
  pool::pool& pool_;
  const identity who_;
  pool::lease lease_;
  stage at_ = stage::waits;
  int answers_owed_ = 0;
};

}  // namespace pgweir::proxy
