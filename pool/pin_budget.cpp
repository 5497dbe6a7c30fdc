#include "pool/pin_budget.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::pool {

bool pin_budget::try_take() {
  const std::lock_guard lock{mutex_};
  if (taken_ >= limit_) return false;
  ++taken_;
  return true;
}

void pin_budget::take_anyway() {
  const std::lock_guard lock{mutex_};
  ++taken_;
}

std::shared_ptr<pin_budget::ticket> pin_budget::wait(io::loop& on, pin_waiter& who) {
  auto made = std::make_shared<ticket>(on, who);
  const std::lock_guard lock{mutex_};
  std::erase_if(line_, [](const auto& one) { return one->is_given_up.load(); });
  line_.push_back(made);
  return made;
}

// The place goes to who has waited longest, on its own thread; it may have given up meanwhile.
void pin_budget::give_back() {
  std::shared_ptr<ticket> next;
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(line_, [](const auto& one) { return one->is_given_up.load(); });
    if (taken_ > limit_ || line_.empty()) {
      --taken_;
      return;
    }
    next = std::move(line_.front());
    line_.pop_front();
  }
  auto& loop = next->loop;
  loop.poll.post([this, next = std::move(next)] {
    auto* who = std::exchange(next->who, nullptr);
    who != nullptr ? who->on_pin_place() : give_back();
  });
}

void pin_place::accept() {
  ticket_.reset();
  is_taken_ = true;
}

void pin_place::take_anyway() {
  if (is_taken_ || !of_.is_limited()) return;
  of_.take_anyway();
  is_taken_ = true;
}

void pin_place::leave() {
  if (ticket_ != nullptr) {
    ticket_->who = nullptr;
    ticket_->is_given_up = true;
    ticket_.reset();
  }
  if (std::exchange(is_taken_, false)) of_.give_back();
}

}  // namespace pgweir::pool
