// pool/io/connection.hpp - one established connection (client or server) on a worker's loop.
//
// Reads what has arrived in large pieces and hands it to the owner as one contiguous range; keeps what the
// owner did not take yet. Collects what is to be sent and writes it once per turn; large ranges go out at
// once without a copy. Owns memory only while bytes wait. Thread rule: the worker's thread.
#pragma once

#include "pool/io/byte_queue.hpp"
#include "pool/io/loop.hpp"
#include "pool/io/transport.hpp"

#include <cstdint>
#include <span>

namespace pgweir::io {

class connection : public pollable {
 public:
  // Ranges from this size on are written at once from where they are, not copied and written at the end of
  // the turn; so is what was collected before them.
  static constexpr std::size_t written_at_once = 16 * 1024;
  // Unsent bytes beyond which the owner should stop to produce more, see wants_room().
  static constexpr std::size_t high_water = 128 * 1024;

  connection(loop& owner, transport established) : loop_(&owner), transport_(std::move(established)) {}
  ~connection() override;

  // Registers with the loop; data that already arrived is delivered in the next turn.
  [[nodiscard]] bool start();
  // Leaves the loop, without closing: for a backend that moves to another worker. Nothing may be unsent or
  // unread.
  void detach();
  void attach(loop& new_owner) { loop_ = &new_owner; }

  void send(std::span<const std::byte> bytes);
  // Writes what can be written now. Called once per turn by the loop.
  void flush();
  // There will be something to send, see on_write().
  void write_at_turn_end() { schedule(); }
  std::size_t unsent() const { return out_.size(); }
  bool wants_room() const { return unsent() >= high_water; }
  // There was no room, and on_drained() is still to come.
  bool is_draining() const { return was_full_; }

  // While paused nothing is read, which stops the peer when its send buffer is full.
  void pause_reading() { paused_ = true; }
  void resume_reading();
  bool reading_is_paused() const { return paused_; }
  // Offers the kept bytes to on_bytes() again: for an owner that could not take them before.
  void offer_kept_bytes();
  std::size_t kept() const { return in_.size(); }
  std::span<const std::byte> kept_bytes() const { return in_.data(); }
  // Drops kept bytes from the front. Not from within on_bytes().
  void consume_kept(std::size_t n) { in_.consume(loop_->buffers, n); }
  // For bytes that were read before the connection came to life (with the last message of the login).
  void keep(std::span<const std::byte> early) { in_.append(loop_->buffers, early); }

  // Tries to send what is left, then closes at once. No callback follows.
  void close();
  bool is_open() const { return transport_.is_open(); }

  const transport& stream() const { return transport_; }
  loop& on() const { return *loop_; }

 protected:
  // Takes bytes from the front of `arrived` and returns how many. What is left is offered again with what
  // follows.
  virtual std::size_t on_bytes(std::span<const std::byte> arrived) = 0;
  // Bytes that on_bytes() may leave untaken before reading stops; grows when the owner waits for a whole
  // message.
  virtual std::size_t kept_limit() const = 0;
  // What was collected in this turn is about to be written; the owner may send more.
  virtual void on_write() {}
  // Everything sent has left. Called only if wants_room() was true since the last call.
  virtual void on_drained() = 0;
  // The peer closed its side, or the connection broke. Called at most once; the owner closes.
  virtual void on_lost(io_status why) = 0;

 private:
  void on_ready(readiness now) final;
  void on_turn_end() final;
  void read_available();
  bool deliver(std::span<const std::byte> arrived);
  void schedule();
  void write_out(std::span<const std::byte> bytes);
  void wait_until_writable();
  void writing_failed();
  void discard_arrived();

  loop* loop_;
  transport transport_;
  byte_queue in_;
  byte_queue out_;
  bool readable_ : 1 = false;
  bool hung_up_ : 1 = false;
  bool paused_ : 1 = false;
  bool lost_ : 1 = false;
  bool scheduled_ : 1 = false;      // in the loop's list for the end of this turn
  bool write_blocked_ : 1 = false;  // waits for writability
  bool watches_write_ : 1 = false;
  bool write_failed_ : 1 = false;
  bool was_full_ : 1 = false;  // on_drained() is owed
  bool delivering_ : 1 = false;
};

}  // namespace pgweir::io
