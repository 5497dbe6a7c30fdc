// proxy/core/pending_changes.hpp - numbers the changes that a stream of requests makes, so that it can be
// told which of them rest on answers that have not come.
//
// A change takes effect when its message is sent, and an error may make the server skip it. Within its own
// unit that does no harm: what follows is skipped, too. A later unit is not skipped; so it may rely on a
// change only when the unit that made it is answered.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pgweir::core {

class pending_changes {
 public:
  // The serial of a new change; never 0.
  std::uint64_t next() { return ++last_; }
  std::uint64_t last() const { return last_; }

  // Changes from here on belong to another unit.
  void begin_unit() { unit_ = last_; }
  // Every unit but the current one is answered.
  void settle_earlier() { settle(unit_); }
  // The units that made the changes up to `serial` are answered.
  void settle(std::uint64_t serial) { settled_ = std::max(settled_, serial); }
  bool is_of_this_unit(std::uint64_t serial) const { return serial > unit_; }
  bool in_doubt(std::uint64_t serial) const { return serial > settled_ && serial <= unit_; }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t unit_ = 0;     // the last change before the current unit
  std::uint64_t settled_ = 0;  // the last change whose unit is known to be answered
};

}  // namespace pgweir::core
