// config/sections.hpp - reads the tables that stand once in a file: [listen], [metrics], [limits], [log].
#pragma once

#include "config/config.hpp"
#include "config/table_reader.hpp"

#include <filesystem>

namespace pgweir::config {

// `directory`: of the configuration file; relative paths in it start there.
listen_settings read_listen(table_reader from, const std::filesystem::path& directory);
metrics_settings read_metrics(table_reader from);
limit_settings read_limits(table_reader from);
log_settings read_log(table_reader from);

}  // namespace pgweir::config
