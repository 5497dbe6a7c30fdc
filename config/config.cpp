#include "config/config.hpp"

namespace pgweir::config {

namespace {

template <class Entries>
auto find_or_star(const Entries& entries, std::string_view name) -> const typename Entries::mapped_type* {
  auto found = entries.find(name);
  if (found == entries.end()) found = entries.find("*");
  return found == entries.end() ? nullptr : &found->second;
}

template <class Value>
void take(Value& to, const std::optional<Value>& from) {
  if (from) to = *from;
}

void apply(pool_settings& to, const pool_overrides& from) {
  take(to.mode, from.mode);
  take(to.size, from.size);
  take(to.min_size, from.min_size);
  take(to.multiplex, from.multiplex);
  take(to.lanes, from.lanes);
  take(to.lane_depth, from.lane_depth);
  take(to.lane_batch, from.lane_batch);
  take(to.lane_expected_time, from.lane_expected_time);
  take(to.client_write_timeout, from.client_write_timeout);
  take(to.begin, from.begin);
  take(to.server_round_robin, from.server_round_robin);
  take(to.server_lifetime, from.server_lifetime);
  take(to.server_idle_timeout, from.server_idle_timeout);
  take(to.server_connect_timeout, from.server_connect_timeout);
  take(to.query_wait_timeout, from.query_wait_timeout);
  take(to.query_timeout, from.query_timeout);
  take(to.idle_transaction_timeout, from.idle_transaction_timeout);
  take(to.client_idle_timeout, from.client_idle_timeout);
  take(to.pin_idle_timeout, from.pin_idle_timeout);
  take(to.max_pinned, from.max_pinned);
  take(to.max_pinned_policy, from.max_pinned_policy);
  take(to.shared_listen, from.shared_listen);
  take(to.listen_loss, from.listen_loss);
  take(to.listen_timeout, from.listen_timeout);
  take(to.cancel_on_disconnect, from.cancel_on_disconnect);
  take(to.prepared_statements, from.prepared_statements);
  take(to.prepare_unnamed, from.prepare_unnamed);
  take(to.prepare_simple, from.prepare_simple);
  take(to.session_functions, from.session_functions);
}

}  // namespace

const database_settings* find_database(const config& all, std::string_view name) {
  return find_or_star(all.databases, name);
}

const user_settings* find_user(const config& all, std::string_view name) {
  return find_or_star(all.users, name);
}

pool_settings settings_of(const config& all, const database_settings& database, const user_settings& user) {
  pool_settings resolved;
  apply(resolved, all.pool);
  apply(resolved, database.pool);
  apply(resolved, user.pool);
  return resolved;
}

}  // namespace pgweir::config
