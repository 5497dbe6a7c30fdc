// proxy/wire/pure_functions.hpp - functions of PostgreSQL that may be called twice: they have no effect.
#pragma once

#include <cstdint>

namespace pgweir::wire {

// Takes the sql_hash() of a name as it is in pg_proc: an unquoted one folded to lower case.
bool is_pure_function(std::uint64_t name_hash);

}  // namespace pgweir::wire
