#include "pool/io/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
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
// reactor (two system calls an event). Not for less than this: a timer that is due sooner than the system's
// own tick has to be programmed for every wait, which costs more than those system calls.
constexpr int wait_here_ms = 10;

int make_epoll() {
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return made;
}

}  // namespace

struct poller::impl {
  // Ends a wait when another thread asks for it.
  struct waker final : pollable {
    explicit waker(impl& owner) : self(owner), descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
      epoll_event event{};
      event.events = base_interest;
      event.data.ptr = static_cast<pollable*>(this);
      if (::epoll_ctl(self.epoll.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~waker() override { ::close(descriptor); }
    void on_ready(readiness) override {
      eventfd_t ignored;
      ::eventfd_read(descriptor, &ignored);
      self.leave = true;
    }
    void on_turn_end() override {}

    impl& self;
    const int descriptor;
  };

  explicit impl(asio::io_context& owner) : context(owner), epoll(owner, make_epoll()) {}

  asio::io_context& context;
  asio::posix::stream_descriptor epoll;
  std::array<epoll_event, batch_size> events{};
  int count = 0;
  bool in_turn = false;
  bool turn_posted = false;
  bool leave = false;  // another thread has something for Asio
  std::shared_ptr<int> asio_works = std::make_shared<int>(0);
  waker from_others{*this};
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
    leave = false;
    int wait_ms = 0;
    for (int batch = 0; batch < most_batches && !leave; ++batch) {
      count = std::max(0, ::epoll_wait(epoll.native_handle(), events.data(), batch_size, wait_ms));
      for (int i = 0; i < count; ++i) deliver(events[static_cast<std::size_t>(i)]);
      const int delivered = std::exchange(count, 0);
      end_turn();
      wait_ms =
          tasks.empty() && delivered > 0 && delivered < busy_batch && *asio_works == 0 ? wait_here_ms : 0;
      if (tasks.empty() && delivered < busy_batch && wait_ms == 0) break;
    }
    in_turn = false;
    if (!tasks.empty()) need_turn();
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

// Asio alone would not end a wait for events here.
void poller::post(std::function<void()> work) {
  asio::post(impl_->context, std::move(work));
  ::eventfd_write(impl_->from_others.descriptor, 1);
}

asio_work::asio_work(poller& counted) : count_(counted.impl_->asio_works) { ++*count_; }

asio_work::~asio_work() {
  if (count_ != nullptr) --*count_;
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
