#include "pool/io/buffer_cache.hpp"

#include <bit>
#include <cstdlib>
#include <new>

namespace pgweir::io {
namespace {

std::size_t class_of(std::size_t capacity) {
  return static_cast<std::size_t>(std::countr_zero(capacity) - std::countr_zero(buffer_cache::smallest));
}

}  // namespace

buffer_cache::~buffer_cache() {
  for (auto& kept : free_)
    for (auto* one : kept) std::free(one);
}

block* buffer_cache::take(std::size_t capacity) {
  const auto rounded = std::bit_ceil(capacity < smallest ? smallest : capacity);
  const auto size_class = class_of(rounded);
  lent_bytes_ += rounded;
  if (size_class < size_classes && !free_[size_class].empty()) {
    auto* reused = free_[size_class].back();
    free_[size_class].pop_back();
    reused->begin = reused->end = 0;
    return reused;
  }
  void* memory = std::malloc(sizeof(block) + rounded);
  if (memory == nullptr) throw std::bad_alloc{};
  auto* made = new (memory) block;
  made->capacity = rounded;
  return made;
}

void buffer_cache::give_back(block* used) {
  lent_bytes_ -= used->capacity;
  const auto size_class = class_of(used->capacity);
  if (size_class < size_classes && free_[size_class].size() < kept_per_class)
    free_[size_class].push_back(used);
  else
    std::free(used);
}

}  // namespace pgweir::io
