// proxy/processes/named_processes.hpp - the clients that a session has named by their numbers in a call that
// sends them signals, and the server processes that stand for them. Lives until the session's transaction is
// over. Thread rule: the worker's thread.
#pragma once

#include "proxy/processes/process_directory.hpp"
#include "proxy/processes/shown_process.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace pgweir::proxy {

class named_processes {
 public:
  explicit named_processes(process_directory& all) : all_(all) {}
  named_processes(const named_processes&) = delete;
  named_processes& operator=(const named_processes&) = delete;
  ~named_processes();

  // False: it is known, or has been asked for.
  bool is_new(std::int32_t client_number);
  // Nothing: it is not known yet.
  std::optional<std::int32_t> find(std::int32_t client_number);
  void learn(std::int32_t client_number, const shown_process& what);
  // What is known has gone into a message that was sent.
  bool is_used() const;

 private:
  struct name {
    std::optional<shown_process> stands_for;
    bool used = false;
  };

  process_directory& all_;
  std::map<std::int32_t, name> by_number_;
};

}  // namespace pgweir::proxy
