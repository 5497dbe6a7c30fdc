// proxy/listen/listen_hub.hpp - the one server connection through which all sessions of a pool, with one
// startup packet, listen.
//
// It begins with the connection of the first session that listens, so that no session has to wait for it
// while it holds one itself; one that is lost is made up for through the pool. Lives on one worker, the home;
// knows the workers, not their sessions (listen_branch). Owner: the home's listen_desk.
#pragma once

#include "pool/io/timers.hpp"
#include "pool/pool.hpp"
#include "proxy/backend_reset.hpp"
#include "proxy/core/channel_table.hpp"
#include "proxy/core/notification_rules.hpp"
#include "proxy/core/state.hpp"
#include "proxy/listen/hub_event.hpp"
#include "proxy/listen/listen_directory.hpp"
#include "proxy/sender_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct listen_hub_deps {
  listen_directory& all;
  const sender_ids& senders;
  backend_resets& resets;
  std::string_view statement_prefix;
  io::loop& loop;
  pool::pool& served;
  pool::shared_profile startup;
  hub_place place;
};

class listen_hub final : private pool::backend_user,
                         private pool::waiter,
                         private core::notification_rules,
                         private io::timeout {
 public:
  explicit listen_hub(listen_hub_deps deps);
  ~listen_hub();

  // `given` owes nothing, listens to `channels` for a session of worker `from`, and has nothing else of it.
  void begin(pool::lease given, std::size_t from, const std::vector<std::string>& channels);

  // Requests of workers, numbered by each for itself.
  void listen(std::size_t worker, const std::vector<std::string>& channels, std::uint64_t request);
  void give_up(std::size_t worker, const std::vector<std::string>& channels);
  void make_round_trip(std::size_t worker);

  // Nothing is to be asked of it any more.
  bool is_over() const { return is_over_; }

  static std::string mark_of(std::size_t worker, std::uint64_t mark);

 private:
  // What the server owes an answer to.
  struct owed {
    enum class kind : std::uint8_t { nobody, listens, round_trip, repair } what = kind::nobody;
    std::size_t worker = 0;
    std::uint64_t request = 0;
  };

  // pool::backend_user
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_drained() override {}
  void on_server_lost(io::io_status why) override;
  // pool::waiter
  void on_backend(pool::lease granted) override;
  void on_no_backend(const pool::server_failure& why) override;
  // core::notification_rules
  bool admit(wire::notification& said) override;
  // io::timeout
  void on_timeout() override;

  // `marks_answer`: what follows when it listens to the marks.
  void take(pool::lease given, owed marks_answer);
  void watch();
  void ask(const std::string& sql, owed answer);
  void take_answers();
  void end_repair();
  void lose(const std::string& why, metrics::close_reason how);
  void lose_for_good(const shared_text& last_words);
  void close_if_unused();
  void tell(std::size_t worker, hub_event said);
  void tell_all(const hub_event& said);
  void send_events();
  void retire();

  listen_directory& all_;
  const sender_ids& senders_;
  backend_resets& resets_;
  const std::string_view statement_prefix_;
  io::loop& loop_;
  pool::pool& pool_;
  const pool::shared_profile startup_;
  const hub_place place_;
  const std::string mark_channel_;

  std::string application_name_;  // of the session whose connection it was
  pool::lease lease_;             // empty while it is made up for
  core::client_state nobody_;
  std::deque<owed> owed_;
  core::channel_table<std::size_t> channels_;     // by workers
  std::map<std::size_t, hub_events> workers_;     // all that had to do with it, and what they are to be told
  std::map<std::size_t, std::uint64_t> pending_;  // the last request of each
  bool was_heard_ = true;                         // the server has said something since watch()
  std::string last_words_;                        // what the server said besides notifications
  bool is_over_ = false;
};

}  // namespace pgweir::proxy
