// pool/resolver.hpp - host names to addresses, without blocking the loop.
//
// Asio's resolver runs getaddrinfo on a thread of its own and cannot be interrupted there; who waits here
// gives up at the deadline all the same. Thread rule: the thread that runs the io_context.
#pragma once

#include "pool/host_list.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace pgweir::pool {

struct resolved_hosts {
  std::vector<server_host> hosts;  // every name replaced by its addresses; names without one are left out
  std::string error;               // why no host is left, or why the last name was left out
  bool timed_out = false;
};

boost::asio::awaitable<resolved_hosts> resolve(std::vector<server_host> hosts,
                                               std::chrono::steady_clock::time_point deadline);

}  // namespace pgweir::pool
