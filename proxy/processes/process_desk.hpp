// proxy/processes/process_desk.hpp - what one worker knows of its sessions and server processes: which ones
// are shown in the place of its sessions to those who want to signal them, and which sessions were told the
// process of which backend. Thread rule: the worker's thread.
#pragma once

#include "proxy/processes/process_directory.hpp"
#include "proxy/processes/shown_process.hpp"
#include "proxy/processes/told_sessions.hpp"
#include "proxy/processes/told_watch.hpp"
#include "proxy/wire/process_sites.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace pgweir::proxy {

class session;
class session_table;

class process_desk {
 public:
  // All outlive it, but for `sessions`, which is used while the loop runs only.
  process_desk(process_directory& all, std::size_t worker, io::loop& loop, session_table& sessions);
  ~process_desk();

  // Answered by session::on_shown(), never before this returns.
  void ask(const process_asker& by, std::int32_t number, wire::process_signal why);
  // Answered by session::on_heard(), never before this returns, when what was sent to that process by now has
  // had its effect on the client, or takes too long. False: there is nothing to wait for.
  bool hear(const process_asker& by, std::int32_t number, const shown_process& what);
  // The server has told the session the process of this backend; null: it knows of none any more.
  void note_told(session& who, const pool::backend* by, const told_backend_use& use);

  process_directory& all() { return all_; }
  std::size_t worker() const { return worker_; }

  // From other workers. Where nobody was told that process the next worker is asked.
  void show(std::int32_t client_number, const process_asker& by);
  void show_told(std::int32_t process_id, const process_asker& by, wire::process_signal why);
  void answer(const process_asker& by, std::int32_t number, const shown_process& what);
  void hear_here(std::uint64_t ticket, const process_asker& by, std::int32_t number);
  void let_go(std::uint64_t ticket);
  void backend_ended(std::uint64_t backend, const std::string& said);

  // From what is shown. `what` need not say on which worker.
  void answer_from_here(const process_asker& by, std::int32_t number, shown_process what);
  void answer_heard(const process_asker& by, std::int32_t number);
  const told_sessions& told() const { return told_; }
  void end_session(std::int32_t client_number, std::uint64_t id, const std::string& said);
  void forget_later(std::uint64_t ticket);

 private:
  struct held_backend {
    pool::pool* owner;
    std::uint64_t id;
  };

  session* find(std::int32_t client_number, std::uint64_t id) const;
  void show(session& meant, std::int32_t named, const process_asker& by);
  void note_forgotten(std::uint64_t backend);

  process_directory& all_;
  const std::size_t worker_;
  io::loop& loop_;
  session_table& sessions_;
  std::uint64_t last_ticket_ = 0;
  // By ticket.
  std::map<std::uint64_t, held_backend> held_;
  std::map<std::uint64_t, std::unique_ptr<stand_in>> stand_ins_;
  std::map<std::uint64_t, told_watch> watches_;
  told_sessions told_;
};

}  // namespace pgweir::proxy
