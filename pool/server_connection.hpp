// pool/server_connection.hpp - what a login through libpq leaves behind: an open socket and the server's
// greeting.
//
// libpq's traps, which its only user (server_login.cpp) keeps to: the socket may change at each
// PQconnectPoll; after the login nothing but PQfinish touches the PGconn; the event loop must have let go of
// the descriptor before PQfinish closes it; no byte may be left in libpq's own buffer at the hand-over.
#pragma once

#include "pool/io/timers.hpp"
#include "pool/io/transport.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::pool {

// What the server said at login.
struct server_welcome {
  std::vector<std::pair<std::string, std::string>> parameters;  // ParameterStatus, in the server's spelling
  int process_id = 0;
  std::string database;  // the one that was really entered: the operator may map names
};

// Sends a CancelRequest to the server; blocks, so it runs on a thread pool. May be called from any thread,
// and outlive the connection that it belongs to. Empty result: sent; else why not.
class cancel_handle {
 public:
  virtual ~cancel_handle() = default;
  virtual std::string send_cancel() const = 0;
};

// Owns the PGconn.
class libpq_owner {
 public:
  virtual ~libpq_owner() = default;
};

struct server_connection {
  std::unique_ptr<libpq_owner> owner;  // destroyed after `stream` has let go of the descriptor
  io::transport stream;                // borrowed from owner
  server_welcome welcome;
  std::shared_ptr<const cancel_handle> cancel;
  io::clock::time_point login_began{};
};

}  // namespace pgweir::pool
