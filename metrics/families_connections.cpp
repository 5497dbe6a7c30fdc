// metrics/families_connections.cpp - how many connections there are, to which side, and how they end.
#include "metrics/families.hpp"

namespace pgweir::metrics {

namespace {

constexpr enum_label<client_states> client_state_label{
    "state", {"login", "idle", "active", "waiting", "idle_in_transaction"}};
constexpr enum_label<server_states> server_state_label{
    "state", {"login", "idle", "active", "idle_in_transaction", "being_canceled"}};
constexpr enum_label<close_reasons> close_label{
    "reason", {"lifetime", "idle", "error", "dirty", "client", "server", "reload", "replaced", "outdated"}};
constexpr enum_label<cancel_outcomes> cancel_label{"outcome", {"forwarded", "late", "unknown_key", "queued"}};

// A client that has not said yet who it is carries neither database nor user.
void clients_in_login(const registry_view& all, samples& out) {
  add_sum(all, out, [](const worker_instruments& worker) -> const auto& { return worker.clients_in_login; },
          {{client_state_label.name, client_state_label.values[0]}});
}

// Configured by database and user, so there is none for the set that counts all the others.
void pool_size(const pool_view& pool, samples& out) {
  if (pool.facts != nullptr) out.value(static_cast<double>(pool.facts->size.value()));
}
void pool_min_size(const pool_view& pool, samples& out) {
  if (pool.facts != nullptr) out.value(static_cast<double>(pool.facts->min_size.value()));
}

void client_limit(const registry_view& all, samples& out) {
  out.value(static_cast<double>(all.client_limit));
}

// A cancel request with an unknown key names neither database nor user.
void cancels_of_pool(const pool_view& pool, samples& out) {
  for (const auto outcome : {cancel_outcome::forwarded, cancel_outcome::late, cancel_outcome::queued})
    add_sum(pool,
            out, [outcome](const pool_instruments& worker) -> const auto& { return worker.cancels[outcome]; },
            {{cancel_label.name, cancel_label.values[static_cast<std::size_t>(outcome)]}});
}
void unknown_cancels(const registry_view& all, samples& out) {
  const auto unknown = static_cast<std::size_t>(cancel_outcome::unknown_key);
  add_sum(all, out,
          [](const worker_instruments& worker) -> const auto& { return worker.unknown_cancel_keys; },
          {{cancel_label.name, cancel_label.values[unknown]}});
}

using pool = pool_instruments;

constexpr family_row rows[] = {
    {"pgweir_client_connections", gauge_type,
     "Connections of clients by state; while one logs in it has no database and user yet.",
     each<&pool::clients, client_state_label>, clients_in_login},
    {"pgweir_server_connections", gauge_type, "Connections to PostgreSQL by state.",
     each<&pool::servers, server_state_label>, nullptr},
    {"pgweir_pool_size", gauge_type, "Connections to PostgreSQL that the pool may have (pool.size).",
     pool_size, nullptr},
    {"pgweir_pool_min_size", gauge_type,
     "Connections to PostgreSQL that the pool keeps open (pool.min_size).", pool_min_size, nullptr},
    {"pgweir_client_limit", gauge_type,
     "Connections of clients that are accepted (limits.clients); 0: no limit.", nullptr, client_limit},
    {"pgweir_server_assignments_total", counter_type, "Server connections given to clients.",
     one<&pool::server_assignments>, nullptr},
    {"pgweir_server_resets_total", counter_type, "Server connections cleaned before the next client.",
     one<&pool::server_resets>, nullptr},
    {"pgweir_server_closes_total", counter_type, "Server connections closed, by reason.",
     each<&pool::server_closes, close_label>, nullptr},
    {"pgweir_cancels_total", counter_type,
     "Cancel requests by outcome; one with an unknown key has no database and user.", cancels_of_pool,
     unknown_cancels},
};

}  // namespace

family_table connection_families() { return rows; }

}  // namespace pgweir::metrics
