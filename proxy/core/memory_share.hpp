// proxy/core/memory_share.hpp - what one client has of the memory for prepared statements (prepared_memory).
//
// A little is free, so that ordinary clients cost no counting; a client that takes more has it counted with
// the texts of the catalogue.
#pragma once

#include <cstddef>
#include <utility>

namespace pgweir::core {

class statement_catalogue;

// The catalogue outlives it.
class memory_share {
 public:
  static constexpr std::size_t free_bytes = 4096;

  memory_share() = default;
  memory_share(memory_share&& from) noexcept
      : held_(std::exchange(from.held_, 0)), of_(std::exchange(from.of_, nullptr)) {}
  memory_share& operator=(memory_share&& from) noexcept {
    std::swap(held_, from.held_);
    std::swap(of_, from.of_);
    return *this;
  }
  ~memory_share() { give_back(held_); }

  // False: the bound is reached by what is in use.
  [[nodiscard]] bool take(statement_catalogue& of, std::size_t bytes);
  void give_back(std::size_t bytes);

 private:
  static std::size_t counted(std::size_t held) { return held > free_bytes ? held - free_bytes : 0; }

  std::size_t held_ = 0;
  statement_catalogue* of_ = nullptr;  // null: nothing was ever taken
};

}  // namespace pgweir::core
