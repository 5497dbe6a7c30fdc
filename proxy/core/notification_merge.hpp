// proxy/core/notification_merge.hpp - brings into one order what has come for a client on two connections.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace pgweir::core {

struct held_notification {
  std::string channel;
  std::shared_ptr<const std::string> message;  // as it goes to the client
};
using held_notifications = std::vector<held_notification>;

struct own_notification {
  held_notification what;
  bool is_from_hub = false;  // the hub brings it, too: here it only says where the others belong
};

// Both are pieces of the one queue of the server, which has one order: `own` holds what its channels and the
// hub's brought meanwhile, `from_hub` what the hub did, which may have begun earlier and end later. What only
// the own connection brought goes where the own connection had it; or, if the hub is behind, to the end.
// Nothing is lost or doubled.
held_notifications merge(held_notifications from_hub, std::vector<own_notification> own);

}  // namespace pgweir::core
