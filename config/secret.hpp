// config/secret.hpp - where a user's secret comes from, and what it is.
#pragma once

#include "config/config.hpp"
#include "config/table_reader.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace pgweir::config {

enum class secret_kind { none, plain, md5, scram };

// By PostgreSQL's rule: "md5" and 32 hexadecimal digits, a whole SCRAM-SHA-256 verifier, else a plain
// password.
secret_kind kind_of_secret(std::string_view secret);

// The secret of a [users.NAME] table: its password, or the first line of password_file (a relative path
// starts at `directory`), or the environment variable that password_env names. Empty if there is none or it
// cannot be had.
std::string read_secret(table_reader& from, const std::filesystem::path& directory, report& findings);

}  // namespace pgweir::config
