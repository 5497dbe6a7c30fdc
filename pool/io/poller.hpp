// pool/io/poller.hpp - readiness of one worker's connections, and the turns of its loop.
//
// One epoll set, edge-triggered, with persistent interest, watched by the worker's io_context as a single
// descriptor. Asio's own async_wait costs an epoll_ctl and a handler for every wait; here a connection is
// registered once, a turn takes whole batches, and an idle client costs no pending operation. Coroutines that
// wait on a descriptor during login use Asio; connections live here afterwards.
//
// A turn: events of a batch are delivered; then the tasks scheduled meanwhile run (each dirty connection is
// flushed once); then what was retired is destroyed. Thread rule: the thread that runs the io_context.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace pgweir::io {

struct readiness {
  bool readable;
  bool writable;
  bool hung_up;  // the peer closed its side, or the connection broke; read to learn which
};

class pollable {
 public:
  virtual ~pollable() = default;
  virtual void on_ready(readiness now) = 0;
  // Runs at the end of a turn, see poller::at_turn_end.
  virtual void on_turn_end() = 0;
};

class poller {
 public:
  explicit poller(boost::asio::io_context& context);
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  ~poller();

  // Starts and stops to deliver events. False: the system refused (errno says why).
  [[nodiscard]] bool add(int descriptor, pollable& target);
  void remove(int descriptor, pollable& target);
  // For a descriptor that is closed right after this, by which the kernel forgets it.
  void forget(pollable& target);
  // From now on writability is delivered, too (it is not at first: a Unix socket would report every drained
  // message).
  void watch_writable(int descriptor, pollable& target);

  // `target` gets on_turn_end() once, when this turn's events are done; the caller schedules it at most once
  // a turn.
  void at_turn_end(pollable& target);
  // From any thread: runs on this one's, in the order of the calls.
  void post(std::function<void()> work);
  // Destroys `gone` when no event of this turn can refer to it any more.
  void retire(std::unique_ptr<pollable> gone);

 private:
  friend class asio_work;
  struct impl;
  std::unique_ptr<impl> impl_;
};

// Something on this worker goes on in Asio (a login, a connection being made, a handler just posted): as long
// as it lives the poller does not wait for events of its own, but gives Asio its turn.
class asio_work {
 public:
  explicit asio_work(poller& counted);
  asio_work(asio_work&& other) noexcept = default;
  asio_work& operator=(asio_work&&) = delete;
  ~asio_work();

 private:
  std::shared_ptr<int> count_;  // a coroutine that never ended may outlive the poller
};

}  // namespace pgweir::io
