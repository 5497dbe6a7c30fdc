// proxy/wire/sql_hash.hpp - hashes of words, and sets of them that are made at compile time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::wire {

// FNV-1a, 64 bits, so that a scanner can hash a word while it looks for its end.
inline constexpr std::uint64_t sql_hash_basis = 0xcbf29ce484222325u;
constexpr std::uint64_t sql_hash_add(std::uint64_t hash, unsigned char byte) {
  return (hash ^ byte) * 0x100000001b3u;
}
constexpr std::uint64_t sql_hash(std::string_view text) {
  auto hash = sql_hash_basis;
  for (const char c : text) hash = sql_hash_add(hash, static_cast<unsigned char>(c));
  return hash;
}

// Hash -> small number (0: not there), by open addressing. Size: a power of two, well above what is added.
template <std::size_t Size>
class sql_hash_table {
  static_assert((Size & (Size - 1)) == 0);

 public:
  constexpr void add(std::uint64_t hash, std::uint8_t value) {
    auto at = slot(hash);
    while (values_[at] != 0) at = (at + 1) & (Size - 1);
    hashes_[at] = hash;
    values_[at] = value;
  }

  constexpr std::uint8_t find(std::uint64_t hash) const {
    for (auto at = slot(hash); values_[at] != 0; at = (at + 1) & (Size - 1))
      if (hashes_[at] == hash) return values_[at];
    return 0;
  }

 private:
  static constexpr std::size_t slot(std::uint64_t hash) {
    return static_cast<std::size_t>(hash ^ (hash >> 32)) & (Size - 1);
  }

  std::array<std::uint64_t, Size> hashes_{};
  std::array<std::uint8_t, Size> values_{};
};

}  // namespace pgweir::wire
