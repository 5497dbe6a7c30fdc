// proxy/wire/sql_head.hpp - the beginning of an SQL text: enough to see statements that name prepared
// statements. Not a parser: what it does not understand is "other". Comments (nested ones too) and white
// space are skipped.
#pragma once

#include "proxy/wire/sql_bonds.hpp"

#include <string>
#include <string_view>

namespace pgweir::wire {

enum class sql_head_kind {
  other,
  deallocate_one,  // DEALLOCATE [PREPARE] name, alone; `name` holds it, folded or unquoted as PostgreSQL
                   // would
  deallocate_all,  // DEALLOCATE [PREPARE] ALL, or DISCARD ALL: every prepared statement goes
};

struct sql_head {
  sql_head_kind kind = sql_head_kind::other;
  std::string name;
};

// `text` may be only the beginning of a longer one; then nothing but `other` or `deallocate_all` is certain.
sql_head read_sql_head(std::string_view text);

// What a text may do that neither its answer nor its command tag tells.
struct sql_traits {
  bool drops_statements = false;  // DEALLOCATE ALL, DISCARD ALL
  bool leaves_state = false;      // sql_class::leaves_state
  sql_bonds bonds{};
};

}  // namespace pgweir::wire
