#include "proxy/wire/row_shape.hpp"

#include "proxy/wire/sql_hash.hpp"

namespace pgweir::wire {
namespace {

std::uint64_t add(std::uint64_t hash, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    hash = sql_hash_add(hash, static_cast<unsigned char>(value >> shift));
  return hash;
}

}  // namespace

std::uint64_t row_shape(bytes_view row_description) {
  cursor in{row_description};
  const auto columns = in.u16();
  auto hash = add(sql_hash_basis, columns);
  for (int i = 0; i < columns && in.ok(); ++i) {
    hash = add(hash ^ sql_hash(in.c_string()), i);
    in.take(6);                  // table, column
    hash = add(hash, in.u32());  // type
    in.take(2);                  // its size
    hash = add(hash, in.u32());  // its modifier
    in.take(2);                  // format
  }
  return in.ok() ? hash : 0;
}

}  // namespace pgweir::wire
