// proxy/wire/pure_functions.hpp - functions of PostgreSQL that may be called twice: they have no effect.
//
// Known by their names alone. A function of a user that has the name of one of them, but takes other
// arguments, passes for it; so names that say that something is done (log, convert, sign) are left out.
// Whoever has such a function under a name that is here adds it to session_functions, or switches sharing off
// (multiplex).
#pragma once

#include <cstdint>

namespace pgweir::wire {

// Takes the sql_hash() of a name as it is in pg_proc: an unquoted one folded to lower case.
bool is_pure_function(std::uint64_t name_hash);

// Functions of PostgreSQL that have an effect, need but one argument, and so can be called by field notation.
// The rest of these names cannot be told from columns.
bool has_effect_on_value(std::uint64_t name_hash);

}  // namespace pgweir::wire
