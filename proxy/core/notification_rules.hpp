// proxy/core/notification_rules.hpp - what becomes of the notifications that a server connection brings.
#pragma once

#include "proxy/wire/notification.hpp"

namespace pgweir::core {

class notification_rules {
 public:
  // True: it goes to the client, with the process id that `said` has then.
  virtual bool admit(wire::notification& said) = 0;

 protected:
  ~notification_rules() = default;
};

}  // namespace pgweir::core
