// tests/core/lane_unit_generator.hpp - random units as lanes meet them, in the model server's SQL: prepared
// under a name, prepared without one, simple; most may share a backend, some may not.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pgweir::test {

class lane_unit_generator {
 public:
  // `mark` goes into some texts, so that an answer to another client shows.
  lane_unit_generator(std::uint64_t seed, std::string mark) : dice_(seed), mark_(std::move(mark)) {}

  std::string next();

 private:
  std::string in_one_batch(const std::string& name);
  std::string bound_later(const std::string& name);
  std::string mixed();
  std::string mixed_step();
  std::string parse_some(const std::string& name);
  std::string text();
  std::string statement_name() { return pick({"", "", "a", "b"}); }
  std::string parameter() { return random(12) == 0 ? "x" : ""; }
  std::size_t random(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>{0, below - 1}(dice_);
  }
  std::string pick(const std::vector<std::string>& from) { return from[random(from.size())]; }

  std::mt19937_64 dice_;
  std::string mark_;
};

}  // namespace pgweir::test
