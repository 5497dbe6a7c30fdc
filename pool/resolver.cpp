#include "pool/resolver.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace pgweir::pool {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;

// Shared with the resolver's handler, which may come after the waiting coroutine has given up.
struct look_up {
  look_up(const asio::any_io_executor& executor, std::chrono::steady_clock::time_point deadline)
      : resolver(executor), done(executor, deadline) {}

  tcp::resolver resolver;
  asio::steady_timer done;  // cancelled when the answer is here
  bool answered = false;
  boost::system::error_code failed;
  tcp::resolver::results_type found;
};

void start(const std::shared_ptr<look_up>& query, const std::string& name) {
  query->resolver.async_resolve(
      name, "", [query](const boost::system::error_code& failed, tcp::resolver::results_type found) {
        query->answered = true;
        query->failed = failed;
        query->found = std::move(found);
        query->done.cancel();
      });
}

}  // namespace

asio::awaitable<resolved_hosts> resolve(std::vector<server_host> hosts,
                                        std::chrono::steady_clock::time_point deadline) {
  const auto executor = co_await asio::this_coro::executor;
  resolved_hosts result;
  for (auto& one : hosts) {
    if (!needs_resolving(one)) {
      result.hosts.push_back(std::move(one));
      continue;
    }
    auto query = std::make_shared<look_up>(executor, deadline);
    start(query, one.name);
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await query->done.async_wait(token);
    if (!query->answered) {
      result.error = "could not translate host name \"" + one.name +
                     "\" to address: the resolver did not answer in time";
      result.timed_out = true;
      co_return result;
    }
    if (query->failed)
      result.error =
          "could not translate host name \"" + one.name + "\" to address: " + query->failed.message();
    for (const auto& entry : query->found)
      result.hosts.push_back({one.name, entry.endpoint().address().to_string(), one.port});
  }
  co_return result;
}

}  // namespace pgweir::pool
