// pool/io/buffer_cache.hpp - recycled blocks of memory for one worker's connections.
// A connection borrows a block only while it has bytes to keep, so an idle one owns none and a busy one
// allocates nothing in steady state. Thread rule: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace pgweir::io {

struct block {
  std::size_t capacity = 0;
  std::size_t begin = 0;  // data is [begin, end)
  std::size_t end = 0;
  std::byte bytes[];  // NOLINT: flexible array, allocated together with its header
};

class buffer_cache {
 public:
  static constexpr std::size_t smallest = 4096;

  buffer_cache() = default;
  buffer_cache(const buffer_cache&) = delete;
  buffer_cache& operator=(const buffer_cache&) = delete;
  ~buffer_cache();

  // An empty block of at least `capacity` bytes, rounded up to a power of two.
  block* take(std::size_t capacity);
  void give_back(block* used);

  // Bytes in blocks that are lent out now.
  std::size_t lent_bytes() const { return lent_bytes_; }

 private:
  static constexpr std::size_t size_classes = 5;  // 4 kB to 64 kB; larger blocks go back to the allocator
  static constexpr std::size_t kept_per_class = 64;

  std::array<std::vector<block*>, size_classes> free_;
  std::size_t lent_bytes_ = 0;
};

}  // namespace pgweir::io
