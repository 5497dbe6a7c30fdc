// proxy/processes/told_backend_use.hpp - whether somebody may be using a backend whose process was told to
// sessions. Written by its worker, read by any thread; nothing is noted of a backend that nobody was told.
#pragma once

#include <atomic>
#include <memory>

namespace pgweir::proxy {

class told_backend_use {
 public:
  // Somebody is told of it now, who uses it.
  void begin() {
    if (is_used_ == nullptr) is_used_ = std::make_shared<std::atomic<bool>>(true);
  }
  void set(bool used) {
    if (is_used_ != nullptr) is_used_->store(used, std::memory_order_relaxed);
  }
  bool is_used() const { return is_used_ != nullptr && is_used_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> is_used_;
};

}  // namespace pgweir::proxy
