// config/validate.hpp - what no single key can show: contradictions between keys, and files that are not
// there.
#pragma once

#include "config/config.hpp"
#include "config/key_lines.hpp"
#include "config/report.hpp"

namespace pgweir::config {

// `lines`: of the file that `all` was read from.
void validate(const config& all, const key_lines& lines, report& findings);

// The parts of it.
void validate_listen(const config& all, const key_lines& lines, report& findings);
void validate_tls(const config& all, const key_lines& lines, report& findings);
void validate_users(const config& all, const key_lines& lines, report& findings);
void validate_pool_sizes(const config& all, const key_lines& lines, report& findings);

}  // namespace pgweir::config
