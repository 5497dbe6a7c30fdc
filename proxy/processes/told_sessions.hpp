// proxy/processes/told_sessions.hpp - which sessions of one worker know which server process for theirs, as
// pg_backend_pid() told them. Thread rule: the worker's thread.
#pragma once

#include "proxy/processes/shown_process.hpp"
#include "proxy/processes/told_backend_use.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

class session;

class told_sessions {
 public:
  struct group {
    server_process process;
    told_backend_use use;
    std::vector<session*> who;  // the last one was told last; not empty
  };

  void add(session& who, const pool::backend& by, const told_backend_use& use);
  // True: nobody knows that backend any more.
  bool remove(session& who, std::uint64_t backend);
  // All who know that backend; nobody does any more.
  std::vector<session*> take(std::uint64_t backend);

  bool knows(std::uint64_t backend) const { return by_backend_.count(backend) != 0; }
  // By a number that any process may have had before: the backend's id. 0: nobody was told it.
  std::uint64_t find(const server_process& process) const;
  const group& told_by(std::uint64_t backend) const { return by_backend_.at(backend); }

 private:
  std::unordered_map<std::uint64_t, group> by_backend_;  // by its id
};

}  // namespace pgweir::proxy
