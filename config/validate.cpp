#include "config/validate.hpp"

namespace pgweir::config {

void validate(const config& all, const key_lines& lines, report& findings) {
  validate_listen(all, lines, findings);
  validate_tls(all, lines, findings);
  validate_users(all, lines, findings);
  validate_pool_sizes(all, lines, findings);
  if (all.databases.empty()) {
    findings.add_problem(lines.line_of("databases"), "no database is configured",
                         "add [databases.NAME] with its server, or [databases.\"*\"] for any name");
  }
}

}  // namespace pgweir::config
