// tests/support/eventually.hpp - waits for something that another process does.
#pragma once

#include <chrono>
#include <thread>

namespace pgweir::test {

// Whether `is_so` becomes true within the limit. Asks again every few milliseconds; returns as soon as it is
// so.
template <class Condition>
bool eventually(Condition is_so, std::chrono::seconds limit = std::chrono::seconds{20}) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
  return true;
}

}  // namespace pgweir::test
