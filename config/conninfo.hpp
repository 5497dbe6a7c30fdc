// config/conninfo.hpp - a first look at a libpq connection string, so that a slip is found before the first
// connection.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::config {

// What is wrong with it; empty if nothing was found. Knows "key=value ..." and "postgresql://..." and the
// keys of libpq up to version 18; values other than ports are left to libpq. Never repeats a part of the
// string, which may be a password: it counts the parts instead.
std::string conninfo_error(std::string_view text);

}  // namespace pgweir::config
