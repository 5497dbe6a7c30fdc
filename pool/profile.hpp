// pool/profile.hpp - the startup parameters that a client's backend must have been started with.
//
// A backend is logged in with the very parameters of the client's startup packet, so that RESET, SHOW and
// every setting mean what they would mean directly. Backends of one pool are told apart by this; a client
// gets one with an equal profile. application_name is not part of it: it is set on a backend when it changes
// hands.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace pgweir::pool {

struct profile {
  std::string options;                          // libpq's and PostgreSQL's `options`, as the client sent it
  std::map<std::string, std::string> settings;  // every other parameter of the startup packet
  std::string replication;                      // "true", "database" or empty; such a backend is never pooled

  bool operator==(const profile&) const = default;
};

using shared_profile = std::shared_ptr<const profile>;

// Equal content; sessions get theirs from pool_set::intern(), so that this is mostly a comparison of
// pointers.
inline bool is_same(const shared_profile& a, const shared_profile& b) { return a == b || *a == *b; }

}  // namespace pgweir::pool
