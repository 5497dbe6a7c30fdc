#include "pool/io/timers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace pgweir::io {
namespace asio = boost::asio;

// A ring with the head as a member that never fires.
struct timeout_list {
  struct anchor final : timeout {
    void on_timeout() override {}
  };

  timeout_list() { head.next_ = head.previous_ = &head; }
  ~timeout_list() {
    while (head.next_ != &head) head.next_->unlink();
    head.next_ = head.previous_ = nullptr;
  }

  bool empty() const { return head.next_ == &head; }
  timeout* front() { return empty() ? nullptr : head.next_; }
  void push_back(timeout& one) {
    one.next_ = &head;
    one.previous_ = head.previous_;
    head.previous_->next_ = &one;
    head.previous_ = &one;
  }
  static clock::time_point deadline_of(const timeout& one) { return one.deadline_; }

  anchor head;
};

void timeout::unlink() {
  if (next_ == nullptr) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
}

namespace {

constexpr std::size_t slots = 512;

std::size_t slot_of(clock::time_point at) {
  return static_cast<std::size_t>(at.time_since_epoch() / timers::tick) % slots;
}

}  // namespace

struct timers::impl {
  explicit impl(asio::io_context& context) : alarm(context) {}

  asio::steady_timer alarm;
  std::array<timeout_list, slots> wheel;
  clock::time_point turned_to{};
  bool turning = false;

  bool anything_armed() const {
    return std::any_of(wheel.begin(), wheel.end(), [](const timeout_list& slot) { return !slot.empty(); });
  }
};

timers::timers(asio::io_context& context) : impl_(std::make_unique<impl>(context)) {}

timers::~timers() = default;

void timers::arm(timeout& target, clock::time_point deadline) {
  target.unlink();
  target.deadline_ = deadline;
  // One tick later than the slot of the deadline, so that a slot whose turn has come holds nothing early.
  const auto due = std::max(deadline, impl_->turned_to) + tick;
  impl_->wheel[slot_of(due)].push_back(target);
  if (impl_->turning) return;
  impl_->turning = true;
  struct turn {
    timers* self;
    void operator()(const boost::system::error_code& failed) const {
      if (failed) return;
      self->run_until(clock::now());
      if (self->impl_->anything_armed()) {
        self->impl_->alarm.expires_after(tick);
        self->impl_->alarm.async_wait(*this);
      } else {
        self->impl_->turning = false;
      }
    }
  };
  impl_->turned_to = std::max(impl_->turned_to, clock::now());
  impl_->alarm.expires_after(tick);
  impl_->alarm.async_wait(turn{this});
}

void timers::run_until(clock::time_point now) {
  const auto turns = std::min<std::int64_t>((now - impl_->turned_to) / tick + 1, slots);
  for (std::int64_t i = turns; i >= 0; --i) {
    auto& slot = impl_->wheel[slot_of(now - i * tick)];
    timeout_list later;
    while (auto* one = slot.front()) {
      one->unlink();
      if (timeout_list::deadline_of(*one) <= now)
        one->on_timeout();
      else
        later.push_back(*one);
    }
    while (auto* one = later.front()) {
      one->unlink();
      slot.push_back(*one);
    }
  }
  impl_->turned_to = std::max(impl_->turned_to, now);
}

}  // namespace pgweir::io
