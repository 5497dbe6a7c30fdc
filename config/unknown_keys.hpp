// config/unknown_keys.hpp - says of every unknown key which one was probably meant.
#pragma once

#include "config/table_reader.hpp"

#include <span>
#include <string>

namespace pgweir::config {

// `catalogue`: the paths of all keys there are, as known_keys() of config/load.hpp lists them.
void report_unknown_keys(std::span<const unknown_key> unknown, std::span<const std::string> catalogue,
                         report& findings);

}  // namespace pgweir::config
