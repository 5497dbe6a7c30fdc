// pool/server_failure.hpp - why a server gave no connection, in its own words where it has spoken.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::pool {

struct server_failure {
  std::string sqlstate;  // "08001" where libpq could not reach the server
  std::string message;   // primary message without severity
  bool permanent;  // asking again would not help (unknown database, role, wrong password, bad parameter, ...)
  bool timed_out = false;
};

// Whether a login refused with this SQLSTATE would be refused again: yes for authentication, unknown
// databases and parameter errors; no for what passes by itself (too many connections, starting up, shutting
// down, unreachable).
bool is_permanent(std::string_view sqlstate);

// Reads libpq's error text, made with PQERRORS_VERBOSE: of several hosts' errors the last one with a SQLSTATE
// counts, else the whole text in one line, as 08001.
server_failure failure_from(std::string_view libpq_text);

}  // namespace pgweir::pool
