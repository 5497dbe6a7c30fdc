// pool/server_login.hpp - logs in to a PostgreSQL server through libpq, without blocking.
//
// libpq knows every conninfo key: SCRAM with channel binding, client certificates, several hosts,
// target_session_attrs, service files, pgpass. GSS encryption is the exception: pgweir reads and writes the
// socket itself and cannot decrypt it, so it is not negotiated, and gssencmode=require is refused. What libpq
// takes from a service file or from the environment it fills in itself, after all that is said here; a host
// name found there is resolved by libpq and blocks the loop meanwhile.
#pragma once

#include "pool/profile.hpp"
#include "pool/server_connection.hpp"
#include "pool/server_failure.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <variant>

namespace pgweir::pool {

struct login_request {
  std::string conninfo;          // the operator's: keyword=value or URI; what it says wins
  std::string database;          // used if conninfo has no dbname
  std::string user;              // used if conninfo has no user
  std::string password;          // the user's, plain or empty; used if conninfo has neither user nor password
  std::string application_name;  // may be empty
  shared_profile startup;
  std::chrono::milliseconds timeout;  // for all of it, name resolution and every host included
};

using login_result = std::variant<server_connection, server_failure>;

// Runs on the io_context of the calling coroutine. `request` must outlive it.
boost::asio::awaitable<login_result> log_in(const login_request& request);

// What is wrong with a conninfo string, empty if nothing: for checking a configuration.
std::string check_conninfo(const std::string& conninfo);

}  // namespace pgweir::pool
