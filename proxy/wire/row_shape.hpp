// proxy/wire/row_shape.hpp - what a client knows of the rows that it will get, as one number.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstdint>

namespace pgweir::wire {

// Of the body of a RowDescription: equal for equal names, types and type modifiers of all columns, which is
// what PostgreSQL compares before it says "cached plan must not change result type". 0: it is malformed.
std::uint64_t row_shape(bytes_view row_description);

// Of a statement that returns no rows: NoData.
inline constexpr std::uint64_t no_rows = 1;

}  // namespace pgweir::wire
