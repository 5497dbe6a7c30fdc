// pool/sequence_habits.hpp - whether the clients of a pool ask what they have taken from sequences
// (currval(), lastval()), learnt from their texts. While nobody does, nothing is done for it. Thread rule:
// any thread.
#pragma once

#include <atomic>

namespace pgweir::pool {

class sequence_habits {
 public:
  // Somebody asks at all: then others' values are taken off a server connection before a client adds its own.
  bool asks() const { return asks_.load(std::memory_order_relaxed); }
  // And does so outside the transaction that took the value: then sessions that take one keep their
  // connection.
  bool asks_later() const { return asks_later_.load(std::memory_order_relaxed); }

  void note_asked() { asks_.store(true, std::memory_order_relaxed); }
  void note_asked_later() { asks_later_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> asks_{false};
  std::atomic<bool> asks_later_{false};
};

}  // namespace pgweir::pool
