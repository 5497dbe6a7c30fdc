// proxy/core/session_profile.hpp - what a session has set for itself, apart from what it was started with,
// and how a server connection is made to have it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::core {

struct session_profile {
  std::vector<std::pair<std::string, std::string>> settings;  // name and value, as in pg_settings; by name
  std::string authorization;  // SET SESSION AUTHORIZATION; empty: as logged in
  std::string role;           // SET ROLE; empty: none

  bool empty() const { return settings.empty() && authorization.empty() && role.empty(); }
  bool operator==(const session_profile&) const = default;
};

// Null: nothing is set.
using shared_session_profile = std::shared_ptr<const session_profile>;

bool is_same(const shared_session_profile& a, const shared_session_profile& b);

// One simple Query that makes a connection with profile `from` have `to`. It does all of it or fails.
// Precondition: they differ.
std::string sql_to_change(const shared_session_profile& from, const shared_session_profile& to);

}  // namespace pgweir::core
