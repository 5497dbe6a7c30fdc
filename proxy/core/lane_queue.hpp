// proxy/core/lane_queue.hpp - the units of several clients on one backend: whose answer comes next, and what
// becomes of the others when something goes wrong.
//
// Units that come together may share a Sync: a batch. The server then begins and ends one transaction, and
// writes its answers once, for all of them. So they are answered together or, if anything at all goes wrong,
// not one of them is: each is sent again, by itself.
//
// All of them are sent already; the server works them off in order, and the head is the one it works on. The
// answer to the head is held until it is whole, so that a unit may be sent again, unseen, as long as nothing
// of it reached its client: that is what makes sharing safe. Only units that change nothing come here
// (core/unit_class), and a client has one at a time. Knows no socket and no clock.
#pragma once

#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "proxy/core/ring.hpp"
#include "proxy/wire/answer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace pgweir::core {

enum class resend_reason : std::uint8_t {
  canceled_for_another,  // a cancel request meant another client's unit
  server_lost,           // the connection ended before its turn
  statement_missing,     // a prepared statement was not there, or its plan was out of date
  stalled,               // the head takes too long
  batch_failed,          // one of those that share its Sync has failed, maybe itself, or answers too much
  translated,            // a simple Query has failed that was sent by the extended protocol
};

enum class lane_failure : std::uint8_t {
  server_lost,       // the connection ended while it was the head
  transaction_open,  // the unit at the head, this one or another, left a transaction open
  violation,         // the server did not keep to the protocol
};

struct lane_answer {
  std::size_t bytes = 0;
  seen_error error;
  bool noticed = false;            // the server has given a notice
  std::size_t batch = 1;           // units that were answered together, this one included
  std::uint32_t batch_number = 0;  // another one for the next batch
};

// Units that have left since this was last asked for.
struct lane_departures {
  std::size_t units = 0;
  std::chrono::nanoseconds expected{};  // the sum of what they were expected to take
};

// A client with a unit on a lane. After on_answered(), on_resend() and on_failed() the lane knows it no more.
class lane_rider {
 public:
  virtual client_state& state() = 0;
  virtual wire::sink& answers() = 0;
  // The server works on its unit from now on, or on one of those that share its Sync.
  virtual void on_turn() = 0;
  virtual void on_answered(const lane_answer& how) = 0;
  virtual void on_resend(resend_reason why) = 0;
  // `begun`: a part of the answer has gone out.
  virtual void on_failed(lane_failure why, bool begun) = 0;

 protected:
  ~lane_rider() = default;
};

struct lane_step {
  enum class outcome : std::uint8_t { done, transaction_open, violation };
  std::size_t consumed = 0;
  outcome what = outcome::done;
  const char* violation = nullptr;  // static text
};

class lane_queue {
 public:
  // An answer larger than this goes through as it comes, and its unit is not sent again.
  static constexpr std::size_t largest_held_answer = 64 * 1024;
  // The same for a batch, and while a cancel request may have hit somebody else.
  static constexpr std::size_t largest_held_for_several = 256 * 1024;

  lane_queue(backend_state& backend, std::string_view statement_prefix)
      : backend_(backend), statement_prefix_(statement_prefix) {}

  bool empty() const { return units_.empty(); }
  std::size_t size() const { return units_.size(); }
  // Null: its client has gone. Precondition: not empty.
  lane_rider* head() const { return units_.front().rider; }
  bool head_has_begun() const { return streams_; }
  // Whether the server works on its unit, and on no other one.
  bool serves_alone(const lane_rider& who) const;
  bool head_shares_sync() const { return head_batch() > 1; }
  // Or did so, and is left over: it may hold locks of several units while it waits for that of another one.
  bool head_must_end_soon() const { return head_shares_sync() || (!empty() && units_.front().is_left_over); }

  // Sends a whole unit. With rules.withholds_sync it joins the batch that is open, or opens one: nothing of
  // that may reach the server before end_batch(), so that its transaction begins after all of its units have
  // come (now() would be too early for the later ones). False: it could not be read; nothing can be said of
  // the backend any more. Preconditions: classify_unit() found that it may share, and its Sync;
  // rules.on_lane.
  [[nodiscard]] bool join(lane_rider& who, wire::bytes_view unit, std::chrono::nanoseconds expected,
                          const relay_rules& rules, wire::sink& to_server);
  // Units that wait for end_batch().
  std::size_t open_units() const { return open_; }
  // Sends the one Sync. Precondition: there are such units.
  void end_batch(wire::sink& to_server);

  // The server's bytes; what is not consumed is to be given again with what follows. Stops behind the last
  // unit. After any other outcome than `done` the backend is to be closed, and fail_all() called.
  lane_step on_bytes(wire::bytes_view arrived);

  // The client does not wait any longer, or has gone; the answer to its unit goes nowhere.
  void leave(const lane_rider& who);

  // The client at the head asks that its unit be cancelled. True: ask the server. From then on others may be
  // hit: no unit may join any more. False: it has been asked already, or works on what pgweir itself asked
  // for. Precondition: serves_alone().
  [[nodiscard]] bool cancel_head();

  // Those behind the head are to be sent elsewhere, and so is the head if it shares its Sync: which of them
  // holds up the others cannot be told. What the server answers to them here goes nowhere.
  void take_back_queued();
  // The connection has ended; `last_words`: what on_bytes() has not consumed.
  void lose(wire::bytes_view last_words);
  void fail_all(lane_failure why);

  lane_departures take_departures() { return std::exchange(departures_, {}); }

 private:
  struct queued {
    lane_rider* rider = nullptr;
    std::chrono::nanoseconds expected{};
    std::uint64_t first_name = 0;  // serial of the first name that it may have given
    bool is_blind = false;         // executes something that it neither prepares nor describes
    bool takes_over = false;       // may use a statement that was not parsed for its client
    bool is_translated = false;    // see request_query.cpp
    bool is_canceled = false;      // by its own client
    bool ends_batch = true;        // the Sync behind it is sent
    bool is_left_over = false;     // of a batch whose units go again: nobody's
  };

  struct discarding_sink final : wire::sink {
    void put(wire::bytes_view) override {}
  };

  static constexpr std::size_t nobody_failed = ~std::size_t{0};

  std::size_t head_batch() const;
  void begin_turn();
  std::optional<resend_reason> reason_to_resend(wire::bytes_view error) const;
  lane_step relay_batch(wire::bytes_view range, std::size_t batch, std::optional<resend_reason> resend);
  lane_step relay_answer(wire::bytes_view range, std::optional<resend_reason> resend, bool& answered);
  void finish_head(std::optional<resend_reason> resend);
  std::size_t unit_of(const wire::answer_extent& failed) const;
  void dissolve_head(resend_reason why, std::size_t failed = nobody_failed);
  queued pop();
  void take_back_names(std::size_t i);
  void send_again(queued& gone, resend_reason why);

  backend_state& backend_;
  const std::string_view statement_prefix_;
  ring<queued> units_;
  std::size_t open_ = 0;  // the last so many of them: their Sync is still to be sent
  std::uint32_t batches_ = 0;
  lane_departures departures_;
  lane_answer answer_;         // to the head, so far
  bool streams_ = false;       // the answer to the head was too large to be held
  bool was_canceled_ = false;  // a cancel request may hit any unit here
  client_state nobody_;        // in the place of clients that have gone
  discarding_sink nowhere_;
};

}  // namespace pgweir::core
