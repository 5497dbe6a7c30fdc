// proxy/session.hpp - one client after its login: what it waits for, which backend it has, how it ends.
//
// A client that waits costs this object and nothing else: no coroutine, no buffer, no timer of its own. What
// it sends is gathered to a unit (core/unit_reader), gets a backend (pool), and flows through the two relays
// (proxy/relay.hpp) until the backend is quiet and goes back. Thread rule: the worker's thread. Owner: the
// worker's session_table.
#pragma once

#include "config/config.hpp"
#include "pool/io/connection.hpp"
#include "pool/pool.hpp"
#include "proxy/backend_reset.hpp"
#include "proxy/cancel_keys.hpp"
#include "proxy/core/application_name.hpp"
#include "proxy/core/begin_statements.hpp"
#include "proxy/core/profile_book.hpp"
#include "proxy/core/shared_listening.hpp"
#include "proxy/core/state.hpp"
#include "proxy/core/statement_finder.hpp"
#include "proxy/core/statement_statistics.hpp"
#include "proxy/core/unit_bonds.hpp"
#include "proxy/greeting.hpp"
#include "proxy/lane.hpp"
#include "proxy/outcome.hpp"
#include "proxy/relay.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pgweir::proxy {

class session;
class session_listening;
class named_processes;
class process_desk;
struct shown_process;
class listen_desk;
enum class listen_exchange : std::uint8_t;

// What sessions of one worker share, and what they ask of it.
struct session_host {
  core::statement_catalogue& catalogue;
  core::statement_finder texts;
  core::statement_statistics statistics;
  core::profile_book profiles;
  core::begin_statements begins;
  std::string answer;  // where short ones are built: it keeps its memory
  backend_resets& resets;
  listen_desk& listening;
  process_desk& processes;
  bool log_connections = true;

  virtual void on_session_end(session& ended) = 0;
  // What `to` is to be told in BackendKeyData; see cancel_keys::give().
  virtual cancel_key give_key(const session& to, std::int32_t server_process_id) = 0;
  // A command wants this database of the server for itself: connections there that nobody uses are closed.
  virtual void vacate(const std::string& database) = 0;
  // Server connections from before are given to nobody any more, see pool_registry::note_login_change().
  virtual void note_login_change() = 0;

 protected:
  // But for `shared` they need not exist yet.
  session_host(core::statement_catalogue& shared, backend_resets& undoing, listen_desk& hubs,
               process_desk& known, bool log)
      : catalogue(shared),
        texts(shared),
        begins(shared),
        resets(undoing),
        listening(hubs),
        processes(known),
        log_connections(log) {}
  ~session_host() = default;
};

struct session_identity {
  cancel_keys::place place = 0;  // in the worker's session_table
  std::uint64_t id = 0;          // never given twice in a process, not 0
};

class session final : public io::connection,
                      private pool::waiter,
                      private pool::backend_user,
                      private pool::pin_waiter,
                      private lane_session,
                      private core::process_numbers,
                      private io::timeout {
 public:
  // `served` outlives the session.
  session(io::loop& owner, io::transport client, session_host& host, pool::pool& served,
          shared_greeting welcome, std::string application_name, session_identity identity);
  ~session() override;

  // Sends the greeting, as soon as the server's parameters are known. `early`: bytes that came with the
  // login.
  void begin(std::string_view early);
  // The client asked on another connection, `asked_on`, that its query be cancelled. That connection is kept
  // open until the server has been asked: its end tells the client that no later query will be hit.
  void cancel(std::shared_ptr<void> asked_on);
  // Ends the session at once, whatever it does.
  void end(outcome why, std::string_view detail = {});

  const session_identity& identity() const { return identity_; }
  pool::pool& served_by() const { return pool_; }

  // For processes/process_desk. Null: it has no backend to itself now.
  pool::backend* own_backend() const { return lease_ ? &*lease_ : nullptr; }
  const pool::shared_profile& startup() const { return greeting_->startup; }
  std::int32_t told_number() const { return process_id_; }
  std::uint64_t told_by() const { return told_by_; }
  void on_shown(std::int32_t number, const shown_process& what);
  void on_heard(std::int32_t number);
  // Ends the session as if the server had ended its backend.
  void end_in_words_of_server(const std::string& said);

 private:
  friend class session_listening;

  // Each has its gauge, and its timeout, see enter().
  enum class phase : std::uint8_t {
    login,                // waits for a backend, to keep it or to learn what to greet with
    idle,                 // owns no backend; nothing but this object
    begun,                // the same, in a transaction of which no server knows
    waiting,              // in the pool's line; the unit is kept in the connection's buffer
    queued,               // its unit is on a lane, behind others, and kept, too
    active,               // owns a backend that owes an answer, or its unit is the head of a lane
    idle_in_transaction,  // owns a backend that owes nothing
    leaving,              // said goodbye while the server still works: it is let to finish
    ended
  };

  // io::connection
  std::size_t on_bytes(std::span<const std::byte> arrived) override;
  std::size_t kept_limit() const override { return core::whole_message_limit + 64; }
  void on_drained() override;
  void on_lost(io::io_status why) override;
  // pool::waiter
  void on_backend(pool::lease granted) override;
  void on_no_backend(const pool::server_failure& why) override;
  void on_lane(pool::backend& shared, bool begins) override;
  const void* session_settings() const override { return profile_.get(); }
  // pool::pin_waiter
  void on_pin_place() override;
  // lane_session
  core::client_state& state() override { return client_; }
  wire::sink& answers() override { return lane_->answers_to(*this); }
  void on_turn() override;
  void on_answered(const core::lane_answer& how) override;
  void on_resend(core::resend_reason why) override;
  void on_failed(core::lane_failure why, bool begun) override;
  io::connection& connection_of() override { return *this; }
  void on_write_timeout() override { end(outcome::client_does_not_read); }
  // core::process_numbers
  std::optional<std::int32_t> server_process_of(std::int32_t number, wire::process_signal why) override;
  // pool::backend_user
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_drained() override;
  void on_server_lost(io::io_status why) override;
  bool yield_backend() override;
  // io::timeout
  void on_timeout() override;

  // Session mode, and replication: the client has its backend to itself, from login to the end.
  bool keeps_backend() const { return client_.names == core::naming::untouched; }
  // Something that the client can give up holds it on its backend.
  bool is_bound() const { return bound_.any() || client_.names == core::naming::own; }
  core::relay_rules relay_rules();
  std::size_t send_unit(std::span<const std::byte> arrived);
  std::size_t start_unit(std::span<const std::byte> arrived, bool& blocked);
  void greet();
  bool defers_begin() const;
  std::size_t answer_begin(std::span<const std::byte> arrived);
  void count_begin(metrics::deferred_begin_outcome how);
  void rest();
  void ask_for_backend(std::span<const std::byte> unit);
  // From the unit that a backend is asked for to the end of what has arrived.
  std::span<const std::byte> asked_for() const { return unit_.empty() ? kept_bytes() : unit_; }
  void ask_for_lease(metrics::lease_reason why);
  void ask_pool(const std::optional<pool::lane_wish>& wish);
  pool::lane_wish wish() const;
  std::optional<pool::lane_wish> consider_sharing(std::span<const std::byte> unit);
  void observe_unit(std::chrono::nanoseconds took, std::size_t answer_bytes);
  void settle();
  void restart_query_timeout();
  void release();
  void observe_transaction();
  void give_back(bool client_leaves);
  void refuse_unit(const wire::error_fields& why,
                   metrics::error_origin origin = metrics::error_origin::pooler);
  void say_goodbye();
  bool answers_will_come() const;
  bool may_release(bool client_leaves) const;
  bool must_ask_for_state();
  bool may_have_lost_name();
  bool in_transaction() const;
  bool waits_to_send() const;
  void learn_state();
  void learn_application_name(const std::optional<std::string>& now);
  bool keeps_sequences() const;
  unit_owner owner() const;
  std::optional<metrics::pin_reason> reason_to_keep() const;
  std::optional<metrics::pin_reason> reason_besides_listening() const;

  // Shared LISTEN, see session_listening.hpp.
  bool is_subscribed() const;
  bool shares_listening() const;
  bool may_touch_channels(std::span<const std::byte> unit) const;
  bool may_notify(std::span<const std::byte> unit) const;
  void note_sender();
  void listen_again();
  void learn_channels(core::channel_names found, bool own_had_all);
  bool go_on_listening();
  void begin_move();
  bool open_hub();
  void set_mark();
  void change_channels(listen_exchange what, const std::string& sql);
  void end_listen_exchange();
  void owe_ready();
  void tell_held();
  void stop_listening();

  void forget_named();
  void drop_named();
  void note_told_process();

  void enter(phase next);
  std::chrono::milliseconds timeout_of(phase in) const;
  static metrics::client_state gauge_of(phase in);
  void count_server_idle(int step);
  enum class pin_answer : std::uint8_t { may_go, waits, refused };
  bool counts_as_pinned() const { return pinned_.has_value() || place_.is_taken() || keeps_backend(); }
  bool will_pin(const core::unit_bonds& unit) const;
  pin_answer ask_to_pin(const core::unit_bonds& unit);
  bool gate_first_unit(std::span<const std::byte> arrived);
  bool gate_unit(std::span<const std::byte>& arrived);
  void refuse_in_transaction(std::span<const std::byte> arrived);
  void pin_if_needed();
  void log_pin(metrics::pin_reason why) const;
  void unpin();
  void observe_wait(metrics::wait_outcome how, io::clock::time_point now = io::clock::now());
  void count_error(metrics::error_origin origin, const char* sqlstate);
  void note_server_error(const char* sqlstate);

  session_host& host_;
  pool::pool& pool_;
  shared_greeting greeting_;
  core::application_name application_name_;
  session_identity identity_;

  core::schema_mark& schema_;  // of its database

  core::client_state client_;
  core::shared_session_profile profile_;          // what it has set; null: nothing
  core::bound_state bound_;                       // on the backend that it has
  std::unique_ptr<session_listening> listening_;  // null: it does not, or on its own backend only
  std::unique_ptr<named_processes> named_;        // null: it names no client
  std::uint64_t told_by_ = 0;                     // the backend whose process it was told last; 0: none
  pool::lease lease_;
  lane* lane_ = nullptr;                // that its unit is on
  std::span<const std::byte> unit_;     // asked for right now; a unit that has to wait is in kept_bytes()
  io::clock::time_point since_{};       // of the current wait, or of the transaction
  io::clock::time_point unit_since_{};  // when the unit at the head was sent
  // Of the unit that was asked for last: what its statements are, for the statistics (0: not known), how long
  // they should take, how large its answer has been so far.
  std::uint64_t statement_key_ = 0;
  std::chrono::nanoseconds expected_{};
  std::size_t answer_bytes_ = 0;
  std::uint32_t unit_size_ = 0;     // on a lane
  bool may_share_sync_ = false;     // there
  std::optional<core::plan> plan_;  // of a simple Query
  std::int32_t process_id_ = 0;     // that it was told
  metrics::lease_reason lease_reason_ = metrics::lease_reason::off;
  std::optional<metrics::pin_reason> pinned_;
  pool::pin_place place_;  // among the pinned sessions of the pool
  io::clock::time_point pinned_since_{};
  phase phase_ = phase::ended;
  bool first_byte_seen_ = false;   // of the answer to the unit at the head
  bool may_have_changed_ = false;  // something was sent since the server was asked what is left
  bool unit_sent_ = false;         // of this lease: the unit that the backend was asked for is on its way
  bool answer_is_cut_ = false;     // ends inside a message: nothing can be said after it
  bool overdue_ = false;           // query_timeout went by; a cancel request was sent
};

}  // namespace pgweir::proxy
