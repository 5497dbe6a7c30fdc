// proxy/core/session_profile.hpp - what a session has set for itself, apart from what it was started with,
// and how a server connection is made to have it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::core {

struct session_profile {
  std::vector<std::pair<std::string, std::string>> settings;  // name and value, as in pg_settings; by name
  std::string authorization;  // SET SESSION AUTHORIZATION; empty: as logged in
  std::string role;           // SET ROLE; empty: as logged in

  bool empty() const { return settings.empty() && authorization.empty() && role.empty(); }
  bool operator==(const session_profile&) const = default;
};

// Null: nothing is set.
using shared_session_profile = std::shared_ptr<const session_profile>;

bool is_same(const shared_session_profile& a, const shared_session_profile& b);

// Simple Queries that make a connection have `wanted`, whatever it had before. Several, because each is
// decoded as a whole: what is not ASCII has to wait for client_encoding.
std::vector<std::string> sql_to_have(const shared_session_profile& wanted);

// Whether a text may mean something else under the other: PostgreSQL makes constants of literals when it
// parses a statement.
bool parse_alike(const shared_session_profile& a, const shared_session_profile& b);
// Whether it could end, on its own, a connection that nobody uses, or what pgweir itself asks there.
bool is_hasty(const session_profile& one);
// Whether the server is to end a transaction that is open too long.
bool limits_transactions(const session_profile& one);

// Whatever standard_conforming_strings is.
std::string sql_literal(std::string_view text);

}  // namespace pgweir::core
