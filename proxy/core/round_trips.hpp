// proxy/core/round_trips.hpp - one round trip to a server serves all who wait for one.
//
// Each needs one that begins after it has asked: one that is under way may have begun before. So at most two
// are ahead of anybody, however many ask.
#pragma once

#include <cstdint>

namespace pgweir::core {

class round_trips {
 public:
  using number = std::uint64_t;

  // The number of the round trip that serves who asks now.
  number ask() { return wanted_ = begun_ + 1; }
  // To be called whenever something has changed; true: one is to be begun now.
  bool begin() {
    if (is_under_way() || wanted_ <= begun_) return false;
    ++begun_;
    return true;
  }
  // The one under way is back: all up to the number returned are served.
  number end() { return ended_ = begun_; }

  bool is_under_way() const { return begun_ > ended_; }

 private:
  number wanted_ = 0;
  number begun_ = 0;
  number ended_ = 0;
};

}  // namespace pgweir::core
