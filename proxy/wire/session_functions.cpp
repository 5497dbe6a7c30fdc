#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_hash.hpp"

#include <algorithm>
#include <iterator>

namespace pgweir::wire {
namespace {

constexpr std::string_view built_in[] = {
    // Settings, sequences and locks of the session (manual, "System Administration Functions", "Sequence
    // Manipulation Functions").
    "set_config", "setseed", "currval", "lastval", "pg_advisory_*", "pg_try_advisory_*",
    // The session as such. A backend that ends or cancels itself must not be one that is shared.
    "pg_backend_pid", "pg_cancel_backend", "pg_terminate_backend", "pg_listening_channels",
    "pg_my_temp_schema", "pg_is_other_temp_schema", "pg_prepared_statement", "pg_cursor",
    "pg_get_backend_memory_contexts", "pg_stat_force_next_flush", "pg_stat_clear_snapshot",
    "pg_export_snapshot", "binary_upgrade_*",
    // Backups, replication slots (temporary ones, too) and origins belong to a session.
    "pg_backup_*", "pg_start_backup", "pg_stop_backup", "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot", "pg_copy_physical_replication_slot",
    "pg_copy_logical_replication_slot", "pg_logical_*", "pg_replication_origin_*",
    // Large objects: descriptors.
    "lo_*", "loread", "lowrite",
    // These run SQL that is given as a text, or by a cursor's name.
    "query_to_xml*", "cursor_to_xml*", "ts_stat", "ts_rewrite", "crosstab*", "connectby", "xpath_table",
    // State kept by extensions: dblink, postgres_fdw, pg_trgm, hypopg, pg_variables, set_user, pldbgapi.
    "dblink*", "postgres_fdw_*", "set_limit", "show_limit", "hypopg*", "pgv_*", "set_user",
    "set_session_auth", "reset_user", "pldbg_*"};

// Of these: what only looks, or what ends with the transaction.
constexpr std::string_view leave_nothing[] = {"currval",
                                              "lastval",
                                              "show_limit",
                                              "pg_advisory_xact_*",
                                              "pg_try_advisory_xact_*",
                                              "lo_*",
                                              "loread",
                                              "lowrite",
                                              "pg_backend_pid",
                                              "pg_cancel_backend",
                                              "pg_terminate_backend",
                                              "pg_listening_channels",
                                              "pg_my_temp_schema",
                                              "pg_is_other_temp_schema",
                                              "pg_prepared_statement",
                                              "pg_cursor",
                                              "pg_get_backend_memory_contexts",
                                              "pg_stat_force_next_flush",
                                              "pg_stat_clear_snapshot",
                                              "pg_export_snapshot"};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.back() != '*') return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

session_functions::session_functions(std::span<const std::string> more) {
  for (const auto name : built_in) add(name);
  for (const auto& name : more) add(name);
  std::sort(names_.begin(), names_.end());
}

void session_functions::add(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  if (folded.empty()) return;
  if (folded == "*") {
    all_ = true;
    return;
  }
  const bool is_prefix = folded.back() == '*';
  if (is_prefix) folded.pop_back();
  const auto first = beginning(folded);
  const std::size_t open = !is_prefix || folded.size() > 2 ? 1 : folded.size() == 2 ? 32 : 1024;
  for (std::size_t i = 0; i < open; ++i) begins_.set(first + i);
  if (is_prefix)
    prefixes_.push_back(std::move(folded));
  else
    names_.push_back(sql_hash(folded));
}

bool session_functions::names(std::string_view folded_name) const {
  if (!may_name(folded_name)) return false;
  const auto is_prefix = [&](const std::string& prefix) {
    return prefix.front() == folded_name.front() && folded_name.starts_with(prefix);
  };
  return std::binary_search(names_.begin(), names_.end(), sql_hash(folded_name)) ||
         std::any_of(prefixes_.begin(), prefixes_.end(), is_prefix);
}

bool session_functions::leaves_state(std::string_view folded_name) const {
  const auto is_it = [&](std::string_view pattern) { return matches(pattern, folded_name); };
  return names(folded_name) && std::none_of(std::begin(leave_nothing), std::end(leave_nothing), is_it);
}

}  // namespace pgweir::wire
