// proxy/listen/hub_event.hpp - what a hub tells the workers whose sessions it serves, in the order in which
// its server said it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::proxy {

using shared_text = std::shared_ptr<const std::string>;

struct hub_event {
  enum class kind : std::uint8_t {
    notified,    // `text` is a NotificationResponse of `channel`
    marked,      // the mark of session `number` has come, see core/shared_listening
    listens,     // to all that the worker has asked for up to request `number`
    round_trip,  // number `number` is back
    repaired,    // as listens, on a new connection: what was said in between is lost
    lost,        // for good: `text` is the server's last ErrorResponse, or null
    closed,      // nobody listened any more
  };
  kind what = kind::closed;
  std::uint64_t number = 0;
  std::string channel = {};
  shared_text text = {};
};

using hub_events = std::vector<hub_event>;

}  // namespace pgweir::proxy
