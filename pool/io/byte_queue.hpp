// pool/io/byte_queue.hpp - bytes in order of arrival, contiguous; one null pointer while empty.
//
//   block:  | consumed | data ......... | room |
//           0          begin            end    capacity
//
// Room is made by moving the data to the front when at least half of the block was consumed, else by a larger
// block. The buffer_cache given must always be the same one. Call clear() before destruction.
#pragma once

#include "pool/io/buffer_cache.hpp"

#include <cstring>
#include <span>
#include <utility>

namespace pgweir::io {

class byte_queue {
 public:
  byte_queue() = default;
  byte_queue(const byte_queue&) = delete;
  byte_queue& operator=(const byte_queue&) = delete;

  bool empty() const { return block_ == nullptr; }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->end - block_->begin; }

  // Valid until the next call that is not const.
  std::span<const std::byte> data() const {
    if (block_ == nullptr) return {};
    return {block_->bytes + block_->begin, size()};
  }

  void append(buffer_cache& cache, std::span<const std::byte> more) {
    if (more.empty()) return;
    const auto room = prepare(cache, more.size());
    std::memcpy(room.data(), more.data(), more.size());
    commit(cache, more.size());
  }

  // Room for at least `least` more bytes; fill some of it, then commit().
  std::span<std::byte> prepare(buffer_cache& cache, std::size_t least);
  void commit(buffer_cache& cache, std::size_t filled) {
    block_->end += filled;
    if (block_->begin == block_->end) clear(cache);
  }

  void consume(buffer_cache& cache, std::size_t n) {
    if (block_ == nullptr) return;
    block_->begin += n;
    if (block_->begin == block_->end) clear(cache);
  }

  void clear(buffer_cache& cache) {
    if (block_ != nullptr) cache.give_back(std::exchange(block_, nullptr));
  }

 private:
  block* block_ = nullptr;
};

inline std::span<std::byte> byte_queue::prepare(buffer_cache& cache, std::size_t least) {
  if (block_ == nullptr) block_ = cache.take(least);
  if (block_->capacity - block_->end < least) {
    const auto kept = size();
    if (block_->begin >= block_->capacity / 2 && block_->capacity - kept >= least) {
      std::memmove(block_->bytes, block_->bytes + block_->begin, kept);
      block_->begin = 0;
      block_->end = kept;
    } else {
      auto* larger = cache.take(kept + least);
      std::memcpy(larger->bytes, block_->bytes + block_->begin, kept);
      larger->end = kept;
      cache.give_back(std::exchange(block_, larger));
    }
  }
  return {block_->bytes + block_->end, block_->capacity - block_->end};
}

}  // namespace pgweir::io
