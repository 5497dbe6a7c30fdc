// config/accounts.hpp - reads the tables that stand any number of times: [databases.NAME] and [users.NAME].
#pragma once

#include "config/config.hpp"
#include "config/table_reader.hpp"

#include <filesystem>

namespace pgweir::config {

database_settings read_database(table_reader from, report& findings);

// `directory`: where a relative password_file starts.
user_settings read_user(table_reader from, const std::filesystem::path& directory, report& findings);

}  // namespace pgweir::config
