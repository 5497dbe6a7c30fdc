// tests/core/dice.hpp - what a test leaves to chance: the same seed gives the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pgweir::test {

class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  // From 0 to `bound` - 1.
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(engine_);
  }
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace pgweir::test
