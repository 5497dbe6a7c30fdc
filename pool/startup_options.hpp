// pool/startup_options.hpp - a profile as the `options` of a startup packet.
#pragma once

#include "pool/profile.hpp"

#include <string>
#include <string_view>

namespace pgweir::pool {

// The operator's options, then the client's, then each setting as -c name=value: what comes later wins, as it
// would in a direct connection. Spaces and backslashes of settings are escaped the way PostgreSQL's
// pg_split_opts() undoes.
std::string merge_options(std::string_view from_conninfo, const profile& startup);

}  // namespace pgweir::pool
