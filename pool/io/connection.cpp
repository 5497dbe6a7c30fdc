#include "pool/io/connection.hpp"

#include <array>

namespace pgweir::io {
namespace {

// Reads in one turn before the others get theirs.
constexpr int reads_per_turn = 4;
// Reads of what a closed connection has not taken.
constexpr int discards = 32;

}  // namespace

connection::~connection() { close(); }

bool connection::start() {
  if (!loop_->poll.add(transport_.descriptor(), *this)) return false;
  readable_ = true;
  schedule();
  return true;
}

void connection::detach() {
  loop_->poll.remove(transport_.descriptor(), *this);
  scheduled_ = readable_ = write_blocked_ = watches_write_ = false;
  loop_ = nullptr;
}

void connection::close() {
  if (!transport_.is_open()) return;
  if (loop_ == nullptr) return transport_.close();  // between two workers
  if (!out_.empty() && !write_blocked_) {
    flush();
    discard_arrived();
  }
  if (transport_.is_owned())
    loop_->poll.forget(*this);
  else
    loop_->poll.remove(transport_.descriptor(), *this);
  scheduled_ = false;
  transport_.close();
  in_.clear(loop_->buffers);
  out_.clear(loop_->buffers);
}

// A connection closed with unread data is reset, and the peer may lose the last words that were sent to it.
// Not into the loop's buffer: another connection may be delivering from it.
void connection::discard_arrived() {
  std::array<std::byte, 16 * 1024> discarded;
  for (int reads = 0; readable_ && reads < discards; ++reads)
    readable_ = transport_.read(discarded).status == io_status::ok;
}

void connection::send(std::span<const std::byte> bytes) {
  if (!transport_.is_open()) return;
  if (bytes.size() >= written_at_once && !write_blocked_) {
    flush();
    if (out_.empty()) {
      write_out(bytes);
      return;
    }
  }
  out_.append(loop_->buffers, bytes);
  was_full_ = was_full_ || wants_room();
  if (!write_blocked_) schedule();
}

void connection::write_out(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto moved = transport_.write(bytes);
    if (moved.status == io_status::ok) {
      bytes = bytes.subspan(moved.bytes);
      continue;
    }
    if (moved.status != io_status::want_write && moved.status != io_status::want_read) {
      writing_failed();
      return;
    }
    break;
  }
  if (bytes.empty()) return;
  out_.append(loop_->buffers, bytes);
  was_full_ = was_full_ || wants_room();
  wait_until_writable();
}

void connection::wait_until_writable() {
  write_blocked_ = true;
  if (watches_write_) return;
  watches_write_ = true;
  loop_->poll.watch_writable(transport_.descriptor(), *this);
}

// The read side tells the owner: it may still hold the peer's last words.
void connection::writing_failed() {
  out_.clear(loop_->buffers);
  write_failed_ = hung_up_ = readable_ = true;
  paused_ = false;
  schedule();
}

void connection::flush() {
  while (!out_.empty()) {
    const auto moved = transport_.write(out_.data());
    if (moved.status == io_status::ok) {
      out_.consume(loop_->buffers, moved.bytes);
      continue;
    }
    if (moved.status == io_status::want_write || moved.status == io_status::want_read) {
      wait_until_writable();
      return;
    }
    writing_failed();
  }
}

void connection::on_ready(readiness now) {
  readable_ = readable_ || now.readable;
  hung_up_ = hung_up_ || now.hung_up;
  if (now.writable && write_blocked_) {
    write_blocked_ = false;
    on_write();
    flush();
    if (out_.empty() && was_full_) {
      was_full_ = false;
      on_drained();
    }
  }
  if (is_open()) read_available();
}

void connection::on_turn_end() {
  on_write();
  scheduled_ = false;
  if (!write_blocked_) flush();
  if (is_open() && !write_blocked_ && was_full_ && out_.empty()) {
    was_full_ = false;
    on_drained();
  }
  if (is_open() && readable_ && !paused_) read_available();
}

void connection::read_available() {
  for (int reads = 0; readable_ && !paused_ && !lost_ && is_open(); ++reads) {
    if (reads == reads_per_turn) {
      schedule();
      return;
    }
    const bool into_kept = !in_.empty();
    if (into_kept && in_.size() >= kept_limit()) {
      if (!write_failed_) return pause_reading();
      lost_ = true;
      return on_lost(io_status::broken);
    }
    const auto room = into_kept ? in_.prepare(loop_->buffers, buffer_cache::smallest) : loop_->read_buffer();
    const auto got = transport_.read(room);
    if (got.status == io_status::want_read || got.status == io_status::want_write) {
      readable_ = false;
      return;
    }
    if (got.status != io_status::ok) {
      lost_ = true;
      on_lost(got.status);
      return;
    }
    // A short read has emptied the socket; the end of the stream announces itself by an event of its own.
    if (got.drained && !hung_up_) readable_ = false;
    if (into_kept) {
      in_.commit(loop_->buffers, got.bytes);
      if (!deliver(in_.data())) return;
    } else if (!deliver(room.first(got.bytes))) {
      return;
    }
  }
}

// False: the connection was closed meanwhile.
bool connection::deliver(std::span<const std::byte> arrived) {
  const bool from_kept = !in_.empty();
  delivering_ = true;
  const auto taken = on_bytes(arrived);
  delivering_ = false;
  if (!is_open()) return false;
  if (from_kept)
    in_.consume(loop_->buffers, taken);
  else
    in_.append(loop_->buffers, arrived.subspan(taken));
  return true;
}

void connection::offer_kept_bytes() {
  if (delivering_ || !is_open()) return;
  if (!in_.empty() && !deliver(in_.data())) return;
  if (paused_ && in_.size() < kept_limit()) resume_reading();
}

void connection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (readable_ && is_open()) schedule();
}

void connection::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  loop_->poll.at_turn_end(*this);
}

}  // namespace pgweir::io
