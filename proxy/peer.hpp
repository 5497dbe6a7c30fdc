// proxy/peer.hpp - the other end of a client's connection, for log lines.
#pragma once

#include <string>
#include <sys/socket.h>

namespace pgweir::proxy {

// As accept() gave it, for a connection that may be closed before it is spoken of.
std::string peer_name(const sockaddr_storage& address);

// "127.0.0.1:5000", "[::1]:5000", "unix:uid=1000"; empty if the connection is gone.
std::string peer_name(int descriptor);

}  // namespace pgweir::proxy
