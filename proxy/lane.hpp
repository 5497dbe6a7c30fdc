// proxy/lane.hpp - a backend that several sessions share: carries out what core/lane_queue decides.
//
// Lives in the backend's relay_memory and is used again whenever the pool makes the backend a lane. Thread
// rule: the worker that has the backend.
#pragma once

#include "pool/io/timers.hpp"
#include "pool/pool.hpp"
#include "proxy/core/lane_queue.hpp"
#include "proxy/relay.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace pgweir::proxy {

class lane_session;

class lane final : private pool::backend_user, private io::timeout {
 public:
  // `shared` owns it.
  lane(pool::backend& shared, core::backend_state& state, std::string_view statement_prefix);

  // The pool made the backend a lane. Before the first join().
  void begin(pool::pool& served);

  void join(lane_session& who, wire::bytes_view unit, std::chrono::nanoseconds expected,
            const core::relay_rules& rules);
  // The session ends, or gives its unit up.
  void leave(lane_session& who);
  // The client at the head asked for it, on the connection `asked_on`; see session::cancel(). False: there is
  // nothing to ask the server for. Precondition: serves_alone() it.
  bool cancel_head(std::shared_ptr<void> asked_on);
  bool is_head(const lane_session& who) const;
  // The server works on its unit alone: only then it can be asked to cancel it.
  bool serves_alone(const lane_session& who) const;
  // A part of the answer has gone out.
  bool answers(const lane_session& who) const { return is_head(who) && queue_.head_has_begun(); }
  // The head has got its turn.
  void note_turn(io::clock::time_point now);
  // The client at the head has taken what waited for it, or will not.
  void on_client_drained();

  // Valid until it is asked for the next client.
  wire::sink& answers_to(io::connection& client);
  // What the server said when it ended the connection; empty: nothing.
  std::string_view last_words() const { return state_.fatal; }

 private:
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override;
  void on_server_write() override;
  void on_server_drained() override {}
  void on_server_lost(io::io_status why) override;
  void on_timeout() override;

  void end_batch();
  void settle();
  void stop_reading_if_full();
  void fail(core::lane_failure why, const char* what);
  void drop(metrics::close_reason why);
  io::clock::time_point head_since() const { return io::clock::time_point{shared_.load.head_since}; }

  pool::backend& shared_;
  core::backend_state& state_;
  core::lane_queue queue_;
  connection_sink to_client_;
  pool::pool* pool_ = nullptr;
  io::clock::time_point stopped_since_{};  // the head does not read; epoch: it does
};

// The session's side of it.
class lane_session : public core::lane_rider {
 public:
  virtual io::connection& connection_of() = 0;
  // It did not read its answer for client_write_timeout.
  virtual void on_write_timeout() = 0;

 protected:
  ~lane_session() = default;
};

}  // namespace pgweir::proxy
