// pool/backoff.hpp - how long to leave a failing server in peace: exponential, with jitter. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace pgweir::pool {

class backoff {
 public:
  static constexpr std::chrono::milliseconds first{100}, longest{5000};

  // The pause after one more failure: between half and all of the current step, which doubles each time up to
  // `longest`. `random` is from [0, 1): it keeps many workers and processes from coming back all at once.
  std::chrono::milliseconds next(double random) {
    const auto step = step_;
    step_ = std::min(step_ * 2, longest);
    return step / 2 +
           std::chrono::milliseconds(static_cast<long>(static_cast<double>(step.count()) / 2 * random));
  }
  // After a success.
  void reset() { step_ = first; }

 private:
  std::chrono::milliseconds step_ = first;
};

}  // namespace pgweir::pool
