// tests/fuzz/require.hpp - a property that must hold for every input; the fuzzer reports the abort.
#pragma once

#include <cstdlib>

inline void require(bool holds) {
  if (!holds) std::abort();
}
