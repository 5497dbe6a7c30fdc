#include "proxy/core/state_probe.hpp"

#include "proxy/core/own_names.hpp"

#include <optional>

namespace pgweir::core {
namespace {

// Each row: what it is about, a name, a value. pg_depend finds what is in the temporary schema by an index.
constexpr std::string_view fixed_part =
    "SELECT 's'::pg_catalog.text,name::pg_catalog.text,setting::pg_catalog.text FROM pg_catalog.pg_settings "
    "WHERE source OPERATOR(pg_catalog.=) 'session' AND NOT pg_catalog.starts_with(name,'transaction_')"
    " UNION ALL SELECT 'r','',pg_catalog.current_setting('role')"
    " UNION ALL SELECT 'd','','' WHERE EXISTS (SELECT FROM pg_catalog.pg_db_role_setting, "
    "pg_catalog.unnest(setconfig) AS one WHERE pg_catalog.starts_with(one,'role='))"
    " UNION ALL SELECT 'u','',session_user::pg_catalog.text"
    " UNION ALL SELECT 'a','','' WHERE EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype "
    "OPERATOR(pg_catalog.=) 'advisory' AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())"
    " UNION ALL SELECT 't','','' WHERE EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid "
    "OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass AND refobjid "
    "OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())"
    " UNION ALL SELECT 'l',channel,'' FROM pg_catalog.pg_listening_channels() channel"
    " UNION ALL SELECT 'c','','' WHERE EXISTS (SELECT FROM pg_catalog.pg_cursor() WHERE is_holdable)"
    " UNION ALL SELECT 'p','','' WHERE EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE "
    "from_sql)";

// Null values are not among them.
std::optional<std::string_view> next_column(wire::cursor& in) {
  const auto size = in.i32();
  if (!in.ok() || size < 0) return std::nullopt;
  const auto text = wire::as_text(in.take(static_cast<std::size_t>(size)));
  return in.ok() ? std::optional{text} : std::nullopt;
}

}  // namespace

bool state_findings::add_row(wire::bytes_view body) {
  wire::cursor in{body};
  if (in.u16() != 3) return false;
  const auto kind = next_column(in), name = next_column(in), value = next_column(in);
  if (!kind || !name || !value || kind->size() != 1 || !in.at_end()) return false;
  switch (kind->front()) {
    case 's':
      if (*name == "application_name")
        application_name = *value;
      else
        profile.settings.emplace_back(*name, *value);
      return true;
    case 'r':
      role = *value;
      if (role != "none") profile.role = role;
      return true;
    case 'd':
      profile.role = role;
      return true;
    case 'u':
      profile.authorization = *value;
      return true;
    case 'a':
      return bound.advisory_locks = true;
    case 't':
      return bound.temporary_objects = true;
    case 'l':
      channels.emplace_back(*name);
      return bound.listens = true;
    case 'c':
      return bound.held_cursors = true;
    case 'p':
      return bound.sql_prepared = true;
    case 'q':
      return read_protocol_statement(*name, *value, statements);
    default:
      return false;
  }
}

std::string probe_sql(const std::vector<std::string>& custom, std::string_view more) {
  std::string sql{fixed_part};
  sql += more;
  for (const auto& name : custom) {
    const auto literal = sql_literal(name);
    sql += " UNION ALL SELECT 's'," + literal + ",pg_catalog.current_setting(" + literal +
           ",true) WHERE pg_catalog.current_setting(" + literal + ",true) IS NOT NULL";
  }
  return sql;
}

}  // namespace pgweir::core
