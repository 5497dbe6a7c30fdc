// proxy/core/deferred_transaction.hpp - a transaction that a client has begun and the server may not know of.
//
// pgweir answers BEGIN itself; the server is told together with the first unit behind it, on the backend that
// this unit needs anyway. So a transaction in which nothing is done costs no backend, and no other one costs
// a round trip for its BEGIN.
#pragma once

#include <cstdint>

namespace pgweir::core {

struct statement;

class deferred_transaction {
 public:
  // There is none, or the server knows of it: then the backend's state says what it is in.
  bool is_none() const { return stage_ == stage::none; }
  // pgweir has answered BEGIN; the client has no backend, or one to which nothing was sent yet.
  bool is_begun() const { return stage_ == stage::begun; }
  // It is on its way ahead of the first unit, and not answered.
  bool is_sent() const { return stage_ == stage::sent; }
  // For the client it has failed; the server has none. All but its end is refused.
  bool is_failed() const { return stage_ == stage::failed; }
  // The same, and on its way to a server is what may be its end: that server is to have one that has failed.
  bool is_handed_over() const { return stage_ == stage::handed_over; }

  // `how`: the BEGIN with its modes; it outlives the transaction.
  void begin(const statement& how, bool leaves_portal) {
    begin_ = &how;
    leaves_portal_ = leaves_portal;
    stage_ = stage::begun;
  }
  // Precondition: is_begun().
  const statement& send() {
    stage_ = stage::sent;
    return *begin_;
  }
  // The server has not done it; it is sent again. Precondition: is_sent().
  void begin_again() { stage_ = stage::begun; }
  // Whether the client's own BEGIN would have left the unnamed portal behind: one by the extended protocol
  // does.
  bool leaves_portal() const { return leaves_portal_; }
  // Before its first unit is done: that, or BEGIN itself, did not get through. True: it has failed by that.
  bool fail() {
    if (!is_begun() && !is_sent() && !is_handed_over()) return false;
    stage_ = stage::failed;
    return true;
  }
  // Precondition: is_failed().
  void hand_over() { stage_ = stage::handed_over; }
  // It has ended, or is the server's from here on.
  void end() { stage_ = stage::none; }

  // What ReadyForQuery says to a client without a backend.
  char status() const { return is_none() ? 'I' : is_failed() || is_handed_over() ? 'E' : 'T'; }

 private:
  enum class stage : std::uint8_t { none, begun, sent, failed, handed_over };

  const statement* begin_ = nullptr;
  stage stage_ = stage::none;
  bool leaves_portal_ = false;
};

}  // namespace pgweir::core
