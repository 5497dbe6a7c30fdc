// proxy/worker_seats.hpp - the way from any thread to what each worker has of something: its desk.
//
// Outlives all workers. Thread rule: any thread.
#pragma once

#include "pool/io/loop.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace pgweir::proxy {

template <class Desk>
class worker_seats {
 public:
  explicit worker_seats(std::size_t workers) : seats_(workers) {}

  std::size_t workers() const { return seats_.size(); }

  void join(std::size_t worker, io::loop& loop, Desk& desk) {
    const std::lock_guard lock{mutex_};
    seats_[worker] = {&loop, &desk};
  }
  void leave(std::size_t worker) {
    const std::lock_guard lock{mutex_};
    seats_[worker] = {};
  }

  // Runs on the thread of `worker`, in the order of the calls. False: there is none, or it has gone.
  bool post(std::size_t worker, std::function<void(Desk&)> work) {
    if (worker >= seats_.size()) return false;
    const std::lock_guard lock{mutex_};
    const auto [loop, desk] = seats_[worker];
    if (desk == nullptr) return false;
    loop->poll.post([desk = desk, work = std::move(work)] { work(*desk); });
    return true;
  }

 private:
  struct seat {
    io::loop* loop = nullptr;
    Desk* desk = nullptr;
  };

  std::mutex mutex_;
  std::vector<seat> seats_;  // their number never changes; guarded by mutex_
};

}  // namespace pgweir::proxy
