// tests/metrics/allocations.hpp - counts what this thread allocates with operator new, which this program
// replaces.
#pragma once

#include <cstddef>

namespace pgweir::metrics::test {

std::size_t allocations_of_this_thread();

}  // namespace pgweir::metrics::test
