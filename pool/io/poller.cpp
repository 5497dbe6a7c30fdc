#include "pool/io/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <sys/epoll.h>
#include <system_error>
#include <utility>

namespace pgweir::io {
namespace asio = boost::asio;
namespace {

constexpr std::uint32_t base_interest = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr int batch_size = 256;
// From this many events in a batch on, the next batch is asked for at once instead of through Asio's reactor.
constexpr int busy_batch = 4;
// Timers, logins and messages from other threads wait at most this many batches.
constexpr int most_batches = 16;

// Under way, the next event is often microseconds away. Waiting for it here saves the way through Asio's
// reactor (two system calls an event), but costs a wake-up when it does not come: so it is done while it
// pays.
class patience {
 public:
  static constexpr timespec wait{.tv_sec = 0, .tv_nsec = 100'000};

  bool pays() { return possible_ && (credit_ > 0 || ++turns_ % probe_every == 0); }
  // The kernel (before 5.11) knows no wait of microseconds.
  void give_up() { possible_ = false; }
  void learn(bool event_came) {
    credit_ = event_came ? std::min(credit_ + 1, most_credit) : std::max(credit_ - cost_of_failure, 0);
  }

 private:
  static constexpr int most_credit = 16;
  static constexpr int cost_of_failure = 6;
  static constexpr unsigned probe_every = 64;

  bool possible_ = true;
  int credit_ = 0;
  unsigned turns_ = 0;
};

int make_epoll() {
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return made;
}

}  // namespace

struct poller::impl {
  explicit impl(asio::io_context& owner) : context(owner), epoll(owner, make_epoll()) {}

  asio::io_context& context;
  asio::posix::stream_descriptor epoll;
  std::array<epoll_event, batch_size> events{};
  int count = 0;
  bool in_turn = false;
  bool turn_posted = false;
  patience waiting;
  std::vector<pollable*> tasks;
  std::vector<pollable*> running;
  std::vector<std::unique_ptr<pollable>> retired;

  void wait() {
    epoll.async_wait(asio::posix::descriptor_base::wait_read,
                     [this](const boost::system::error_code& failed) {
                       if (failed) return;
                       run_batches();
                       wait();
                     });
  }

  void run_batches() {
    in_turn = true;
    bool wait_here = false;
    for (int batch = 0; batch < most_batches; ++batch) {
      count = wait_here ? wait_a_moment() : ::epoll_wait(epoll.native_handle(), events.data(), batch_size, 0);
      count = std::max(0, count);
      if (wait_here) waiting.learn(count > 0);
      for (int i = 0; i < count; ++i) deliver(events[static_cast<std::size_t>(i)]);
      const int delivered = std::exchange(count, 0);
      end_turn();
      wait_here = tasks.empty() && delivered > 0 && delivered < busy_batch && waiting.pays();
      if (tasks.empty() && delivered < busy_batch && !wait_here) break;
    }
    in_turn = false;
    if (!tasks.empty()) need_turn();
  }

  int wait_a_moment() {
    const int came =
        ::epoll_pwait2(epoll.native_handle(), events.data(), batch_size, &patience::wait, nullptr);
    if (came < 0 && errno == ENOSYS) waiting.give_up();
    return came;
  }

  static void deliver(const epoll_event& event) {
    if (event.data.ptr == nullptr) return;  // removed earlier in this turn
    constexpr std::uint32_t hang_up = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    static_cast<pollable*>(event.data.ptr)
        ->on_ready({.readable = (event.events & (EPOLLIN | hang_up)) != 0,
                    .writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
                    .hung_up = (event.events & hang_up) != 0});
  }

  // What the tasks schedule runs in the next turn: a connection that has ever more to read does not stop the
  // others.
  void end_turn() {
    running.swap(tasks);
    for (std::size_t i = 0; i < running.size(); ++i)
      if (running[i] != nullptr) running[i]->on_turn_end();
    running.clear();
    while (!retired.empty()) {
      std::vector<std::unique_ptr<pollable>> gone;
      gone.swap(retired);
    }
  }

  // Work scheduled by a timer or by another thread's message still ends in a turn of its own.
  void need_turn() {
    if (in_turn || turn_posted) return;
    turn_posted = true;
    asio::post(context, [this] {
      turn_posted = false;
      in_turn = true;
      end_turn();
      in_turn = false;
      if (!tasks.empty()) need_turn();
    });
  }

  void forget(pollable* gone) {
    for (int i = 0; i < count; ++i)
      if (events[static_cast<std::size_t>(i)].data.ptr == gone)
        events[static_cast<std::size_t>(i)].data.ptr = nullptr;
    std::replace(tasks.begin(), tasks.end(), gone, static_cast<pollable*>(nullptr));
    std::replace(running.begin(), running.end(), gone, static_cast<pollable*>(nullptr));
    std::erase(tasks, nullptr);
  }
};

poller::poller(asio::io_context& context) : impl_(std::make_unique<impl>(context)) { impl_->wait(); }

poller::~poller() = default;

bool poller::add(int descriptor, pollable& target) {
  epoll_event event{};
  event.events = base_interest;
  event.data.ptr = &target;
  return ::epoll_ctl(impl_->epoll.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void poller::remove(int descriptor, pollable& target) {
  epoll_event ignored{};
  ::epoll_ctl(impl_->epoll.native_handle(), EPOLL_CTL_DEL, descriptor, &ignored);
  impl_->forget(&target);
}

void poller::forget(pollable& target) { impl_->forget(&target); }

void poller::watch_writable(int descriptor, pollable& target) {
  epoll_event event{};
  event.events = base_interest | EPOLLOUT;
  event.data.ptr = &target;
  ::epoll_ctl(impl_->epoll.native_handle(), EPOLL_CTL_MOD, descriptor, &event);
}

void poller::at_turn_end(pollable& target) {
  impl_->tasks.push_back(&target);
  impl_->need_turn();
}

void poller::retire(std::unique_ptr<pollable> gone) {
  impl_->retired.push_back(std::move(gone));
  impl_->need_turn();
}

}  // namespace pgweir::io
