// config/pool_keys.hpp - reads the keys that [pool], [databases.NAME] and [users.NAME] have in common.
#pragma once

#include "config/config.hpp"
#include "config/table_reader.hpp"

namespace pgweir::config {

// Leaves from.finish() to the caller, whose table may hold more keys.
pool_overrides read_pool_keys(table_reader& from);

}  // namespace pgweir::config
