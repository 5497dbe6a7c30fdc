// proxy/processes/process_desk.hpp - what one worker knows of its sessions and server processes: which ones
// are shown in the place of its sessions to those who want to signal them, and which sessions were told the
// process of which backend. Thread rule: the worker's thread.
#pragma once

#include "proxy/processes/process_directory.hpp"
#include "proxy/processes/shown_process.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

class session;
class session_table;

class process_desk {
 public:
  // All outlive it, but for `sessions`, which is used while the loop runs only.
  process_desk(process_directory& all, std::size_t worker, io::loop& loop, session_table& sessions);
  ~process_desk();

  // Answered by session::on_shown(), never before this returns.
  void ask(const process_asker& by, std::int32_t client_number);
  // Answered by session::on_heard(), never before this returns, when what was sent to that process by now has
  // had its effect on the client, or takes too long. False: there is nothing to wait for.
  bool hear(const process_asker& by, std::int32_t client_number, const shown_process& what);
  // The server has told the session the process of this backend; 0: it knows of none any more.
  void note_told(session& who, std::uint64_t backend);

  process_directory& all() { return all_; }
  std::size_t worker() const { return worker_; }

  // From other workers.
  void show(std::int32_t client_number, const process_asker& by);
  void answer(const process_asker& by, std::int32_t client_number, const shown_process& what);
  void hear_here(std::uint64_t ticket, const process_asker& by, std::int32_t client_number);
  void let_go(std::uint64_t ticket);
  void backend_ended(std::uint64_t backend, const std::string& said);

  // From stand-ins. `what` need not say on which worker.
  void answer_from_here(const process_asker& by, std::int32_t client_number, shown_process what);
  void answer_heard(const process_asker& by, std::int32_t client_number);
  void end_session(std::int32_t client_number, std::uint64_t id, const std::string& said);
  void forget_later(std::uint64_t ticket);

 private:
  struct held_backend {
    pool::pool* owner;
    std::uint64_t id;
  };

  session* find(std::int32_t client_number, std::uint64_t id) const;

  process_directory& all_;
  const std::size_t worker_;
  io::loop& loop_;
  session_table& sessions_;
  std::uint64_t last_ticket_ = 0;
  std::map<std::uint64_t, held_backend> held_;                     // by ticket
  std::map<std::uint64_t, std::unique_ptr<stand_in>> stand_ins_;   // by ticket
  std::unordered_map<std::uint64_t, std::vector<session*>> told_;  // by backend
};

}  // namespace pgweir::proxy
