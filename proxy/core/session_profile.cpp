#include "proxy/core/session_profile.hpp"

#include <string_view>

namespace pgweir::core {
namespace {

// Whatever standard_conforming_strings is at that moment.
void append_literal(std::string& sql, std::string_view text) {
  sql += " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') sql += c;
    sql += c;
  }
  sql += '\'';
}

void append_identifier(std::string& sql, std::string_view name) {
  sql += '"';
  for (const char c : name) {
    if (c == '"') sql += c;
    sql += c;
  }
  sql += '"';
}

void append_settings(std::string& sql, const session_profile& wanted) {
  const char* before = "SELECT";
  for (const auto& [name, value] : wanted.settings) {
    sql += before;
    sql += " pg_catalog.set_config(";
    append_literal(sql, name);
    sql += ',';
    append_literal(sql, value);
    sql += ",false)";
    before = ",";
  }
  if (!wanted.settings.empty()) sql += ';';
}

}  // namespace

bool is_same(const shared_session_profile& a, const shared_session_profile& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

// The role goes last: it may not be allowed to set the rest. RESET ALL does not touch it.
std::string sql_to_change(const shared_session_profile& from, const shared_session_profile& to) {
  std::string sql;
  if (from != nullptr) {
    sql = "RESET SESSION AUTHORIZATION;RESET ROLE;";
    if (!from->settings.empty()) sql += "RESET ALL;";
  }
  if (to == nullptr) return sql;
  append_settings(sql, *to);
  if (!to->authorization.empty()) {
    sql += "SET SESSION AUTHORIZATION ";
    append_identifier(sql, to->authorization);
    sql += ';';
  }
  if (!to->role.empty()) {
    sql += "SET ROLE ";
    append_identifier(sql, to->role);
    sql += ';';
  }
  return sql;
}

}  // namespace pgweir::core
