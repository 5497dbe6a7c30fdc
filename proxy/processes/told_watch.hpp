// proxy/processes/told_watch.hpp - a server process that somebody means by the number that pg_backend_pid()
// told to sessions of this worker. When it ends they do; who has asked for that is answered behind it. Owner:
// the desk of that worker. Thread rule: the worker's thread.
#pragma once

#include "proxy/processes/shown_process.hpp"

#include <cstdint>

namespace pgweir::proxy {

class process_desk;

class told_watch final : private io::timeout {
 public:
  // `backend`: whose process it is.
  told_watch(process_desk& desk, io::loop& loop, std::uint64_t backend, const process_asker& asker,
             std::int32_t number)
      : desk_(desk), loop_(loop), backend_(backend), asker_(asker), number_(number) {}

  // Answered when no session knows that backend for its own any more, or after a while: it may live on.
  void hear();
  void on_forgotten(std::uint64_t backend);

 private:
  void on_timeout() override;

  process_desk& desk_;
  io::loop& loop_;
  const std::uint64_t backend_;
  const process_asker asker_;
  const std::int32_t number_;
};

}  // namespace pgweir::proxy
