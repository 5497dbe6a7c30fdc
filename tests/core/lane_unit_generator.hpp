// tests/core/lane_unit_generator.hpp - random units as lanes meet them, in the model server's SQL: prepared
// under a name, prepared without one, simple; most may share a backend, some may not.
#pragma once

#include "tests/core/dice.hpp"

#include <cstdint>
#include <string>
#include <utility>

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
  std::string with_literal();
  std::string statement_name() { return dice_.pick({"", "", "a", "b"}); }
  std::string parameter() { return dice_.below(12) == 0 ? "x" : ""; }

  dice dice_;
  std::string mark_;
};

}  // namespace pgweir::test
