// pool/waiting_line.hpp - the sessions of one worker that wait for a backend of one pool, oldest first.
// Intrusive: no allocation. Thread rule: the worker's thread.
#pragma once

#include "pool/pool.hpp"

#include <cassert>
#include <chrono>
#include <cstddef>
#include <utility>

namespace pgweir::pool {

class waiting_line {
 public:
  waiting_line() = default;
  waiting_line(const waiting_line&) = delete;
  waiting_line& operator=(const waiting_line&) = delete;

  bool empty() const { return first_ == nullptr; }
  waiter* front() const { return first_; }
  static waiter* behind(const waiter& one) { return one.next_; }
  static const shared_profile& profile_of(const waiter& one) { return one.profile_; }
  static const std::optional<lane_wish>& wish_of(const waiter& one) { return one.wish_; }
  static std::chrono::nanoseconds ticket_of(const waiter& one) { return one.ticket_; }

  void push_back(waiter& one, pool& in, const shared_profile& wanted, const std::optional<lane_wish>& wish,
                 std::chrono::nanoseconds ticket) {
    assert(!one.is_waiting());
    one.waiting_in_ = &in;
    one.profile_ = wanted;
    one.wish_ = wish;
    (wish ? lane_wishes_ : lease_wishes_) += 1;
    one.ticket_ = ticket;
    one.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &one;
    last_ = &one;
  }

  void remove(waiter& one) {
    assert(one.is_waiting());
    (one.wish_ ? lane_wishes_ : lease_wishes_) -= 1;
    (one.previous_ == nullptr ? first_ : one.previous_->next_) = one.next_;
    (one.next_ == nullptr ? last_ : one.next_->previous_) = one.previous_;
    one.next_ = one.previous_ = nullptr;
    one.waiting_in_ = nullptr;
    one.profile_.reset();
  }

  // The oldest one that could use a backend with this profile.
  waiter* first_wanting(const shared_profile& offered) const {
    auto* one = first_;
    while (one != nullptr && !is_same(one->profile_, offered)) one = one->next_;
    return one;
  }
  // The oldest one that waits for a lease, or that would share. Null: none.
  waiter* first_for_lease() const { return lease_wishes_ == 0 ? nullptr : first_where(false); }
  waiter* first_for_lane() const { return lane_wishes_ == 0 ? nullptr : first_where(true); }
  std::size_t size() const { return lane_wishes_ + lease_wishes_; }
  std::size_t wishing_lane() const { return lane_wishes_; }

 private:
  // Precondition: there is one.
  waiter* first_where(bool would_share) const {
    auto* one = first_;
    while (one->wish_.has_value() != would_share) one = one->next_;
    return one;
  }

  std::size_t lane_wishes_ = 0;
  std::size_t lease_wishes_ = 0;
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

}  // namespace pgweir::pool
