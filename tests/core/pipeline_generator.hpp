// tests/core/pipeline_generator.hpp - random client pipelines in the model server's SQL.
#pragma once

#include "tests/core/dice.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace pgweir::test {

class pipeline_generator {
 public:
  // `mark` goes into some texts, so that a statement of another client shows.
  pipeline_generator(std::uint64_t seed, std::string mark) : dice_(seed), mark_(std::move(mark)) {}

  // Whole units; outside a transaction after the last.
  std::string units(std::size_t count);

 private:
  std::string unit();
  std::string simple_query();
  std::string batch();
  std::string batch_step();
  std::string drivers_begin();
  std::string copy();
  std::string text();
  std::string statement_name();
  std::string portal_name();

  dice dice_;
  std::string mark_;
};

}  // namespace pgweir::test
