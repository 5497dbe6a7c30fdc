// proxy/core/ring.hpp - a queue in a ring that grows and is kept: no allocation in steady state.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace pgweir::core {

// Entry: default constructible and movable.
template <class Entry>
class ring {
 public:
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

  Entry& front() { return slots_[first_]; }
  const Entry& front() const { return slots_[first_]; }
  Entry& back() { return at(count_ - 1); }
  // i counts from the front.
  const Entry& at(std::size_t i) const { return slots_[(first_ + i) & (slots_.size() - 1)]; }
  Entry& at(std::size_t i) { return slots_[(first_ + i) & (slots_.size() - 1)]; }

  void push(Entry next) {
    if (count_ == slots_.size()) grow();
    slots_[(first_ + count_) & (slots_.size() - 1)] = std::move(next);
    ++count_;
  }
  // Precondition: not empty.
  Entry pop() {
    auto gone = std::move(slots_[first_]);
    first_ = (first_ + 1) & (slots_.size() - 1);
    --count_;
    return gone;
  }

 private:
  void grow() {
    std::vector<Entry> larger(slots_.empty() ? 16 : slots_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(at(i));
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<Entry> slots_;  // size is zero or a power of two
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace pgweir::core
