#include "tests/metrics/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
}

// In a file of its own, so that the compiler does not inline one of them without the other.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pgweir::metrics::test {

std::size_t allocations_of_this_thread() { return allocations; }

}  // namespace pgweir::metrics::test
