// metrics/http_server.hpp - serves /metrics, /healthz and /readyz.
//
// Thread rule: everything, the handlers included, runs on the thread of the given io_context, which must
// outlive the server. No error of a connection ever leaves it.
#pragma once

#include "metrics/http_routes.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace pgweir::metrics {

struct http_limits {
  std::size_t connections = 64;      // beyond that an idle one makes room, or else the new one is closed
  std::size_t request_bytes = 8192;  // of the header, and of the body
  std::chrono::milliseconds request{10'000};  // for one whole request to arrive, and for its answer to leave
  std::chrono::milliseconds idle{120'000};    // between two requests; longer than a usual scrape interval
};

class http_server {
 public:
  http_server(boost::asio::io_context& io, http_handlers handlers, http_limits limits = {});
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // Binds "host:port" or "[::1]:port" and begins to accept; port 0 takes any free one. Gives the port. To be
  // called once; resolves a name synchronously.
  boost::system::result<std::uint16_t> listen(std::string_view address);

  // Closes the listening socket and all connections.
  void stop();

 private:
  struct state;
  std::shared_ptr<state> state_;  // shared with the coroutines, which may end later
};

}  // namespace pgweir::metrics
