// proxy/processes/process_directory.hpp - the way to the worker that a client, or what is shown of it, is on.
// Outlives all workers. Thread rule: any thread.
#pragma once

#include "proxy/worker_seats.hpp"

#include <cstdint>
#include <string>

namespace pgweir::proxy {

class process_desk;

class process_directory : public worker_seats<process_desk> {
 public:
  using worker_seats::worker_seats;

  // The server has ended that backend (pool::backend::id()) with these words, "57P01: ...": so end all
  // sessions that know it for theirs.
  void backend_ended(std::uint64_t backend, const std::string& said);
};

}  // namespace pgweir::proxy
