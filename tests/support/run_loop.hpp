// tests/support/run_loop.hpp - runs an io_context in the test's own thread until something is so.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>

namespace pgweir::test {

// False: it was not so within `limit`. Waits for events only, never for time to pass.
template <class Condition>
bool run_until(boost::asio::io_context& context, Condition is_so,
               std::chrono::seconds limit = std::chrono::seconds{20}) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  context.restart();
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    context.run_one_until(deadline);
    if (context.stopped()) context.restart();
  }
  return true;
}

}  // namespace pgweir::test
