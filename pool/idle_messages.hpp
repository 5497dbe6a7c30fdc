// pool/idle_messages.hpp - what an idle backend may say. Pure.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::pool {

struct idle_verdict {
  std::size_t taken = 0;  // whole messages
  bool usable = true;     // false: the server is ending the session, or said what makes no sense now
  std::string sqlstate;   // of the error that made it unusable, if it was one
  char unexpected =
      '\0';  // of what type the message is that made it unusable, if it makes no sense while idle
  std::string reason;
  std::vector<std::pair<std::string, std::string>> parameters;  // ParameterStatus: a reloaded configuration
};

// Parameter changes and notices are fine; errors (57P01, 57P05, ...) and anything that answers a query are
// not. A notification means that a LISTEN was left behind: not usable for somebody else.
idle_verdict read_idle_messages(wire::bytes_view arrived);

}  // namespace pgweir::pool
