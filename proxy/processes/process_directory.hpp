// proxy/processes/process_directory.hpp - the way to the worker that a client, or what is shown of it, is on.
// Outlives all workers. Thread rule: any thread.
#pragma once

#include "pool/io/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace pgweir::proxy {

class process_desk;

class process_directory {
 public:
  explicit process_directory(std::size_t workers) : seats_(workers) {}

  void join(std::size_t worker, io::loop& loop, process_desk& desk);
  void leave(std::size_t worker);

  // Runs on the thread of `worker`, in the order of the calls. False: there is none, or it has gone.
  bool post(std::size_t worker, std::function<void(process_desk&)> work);

  // The server has ended that backend (pool::backend::id()) with these words, "57P01: ...": so end all
  // sessions that know it for theirs.
  void backend_ended(std::uint64_t backend, const std::string& said);

 private:
  struct seat {
    io::loop* loop = nullptr;
    process_desk* desk = nullptr;
  };

  std::mutex mutex_;  // guards what follows
  std::vector<seat> seats_;
};

}  // namespace pgweir::proxy
