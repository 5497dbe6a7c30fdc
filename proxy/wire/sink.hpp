// proxy/wire/sink.hpp - where the relay's decisions put bytes; the caller of the core says what stands behind
// it.
#pragma once

#include "proxy/wire/cursor.hpp"

namespace pgweir::wire {

class sink {
 public:
  // Takes all of `bytes`, in order. The view is valid during the call only.
  virtual void put(bytes_view bytes) = 0;

 protected:
  ~sink() = default;
};

}  // namespace pgweir::wire
