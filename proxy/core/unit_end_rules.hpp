// proxy/core/unit_end_rules.hpp - what the end of a unit waits for.
#pragma once

namespace pgweir::core {

class unit_end_rules {
 public:
  // False: not yet. Its ReadyForQuery, and what follows, stays with the caller until it is offered again.
  virtual bool may_end_unit() = 0;

 protected:
  ~unit_end_rules() = default;
};

}  // namespace pgweir::core
