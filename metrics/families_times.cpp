// metrics/families_times.cpp - how long it all takes: waiting, executing, connecting, logging in.
#include "metrics/families.hpp"

#include <algorithm>

namespace pgweir::metrics {

namespace {

constexpr enum_label<wait_outcomes> wait_label{"outcome", {"ok", "timeout", "cancel", "disconnect", "error"}};
constexpr enum_label<connect_outcomes> connect_label{"outcome", {"ok", "error", "timeout"}};
constexpr enum_label<login_outcomes> login_label{"outcome", {"ok", "refused", "timeout", "error"}};
constexpr enum_label<login_methods> method_label{"method",
                                                 {"trust", "password", "md5", "scram-sha-256", "none"}};

void longest_wait(const pool_view& pool, samples& out) {
  std::int64_t longest = 0;
  for (const auto* worker : pool.workers) {
    const std::int64_t started = worker->oldest_waiter_started_nanoseconds.value();
    if (started != 0) longest = std::max(longest, out.context().now_nanoseconds - started);
  }
  out.value(static_cast<double>(longest) * 1e-9);
}

void client_logins(const registry_view& all, samples& out) {
  for (std::size_t method = 0; method < login_methods; ++method)
    for (std::size_t outcome = 0; outcome < login_outcomes; ++outcome)
      add_sum(all, out,
              [=](const worker_instruments& worker) -> const auto& {
                return worker.client_login[method].at[outcome];
              },
              {{method_label.name, method_label.values[method]},
               {login_label.name, login_label.values[outcome]}});
}

using pool = pool_instruments;

constexpr family_row rows[] = {
    {"pgweir_client_wait_seconds", histogram_type,
     "Time from asking for a server connection to getting one, or to giving up, by outcome.",
     each<&pool::wait, wait_label>, nullptr},
    {"pgweir_client_wait_max_seconds", gauge_type,
     "How long the client that now waits longest for a server connection has been waiting; 0: nobody waits.",
     longest_wait, nullptr},
    {"pgweir_query_duration_seconds", histogram_type,
     "Time from the first byte of a query to the server to the last byte of its answer, without waiting for "
     "a "
     "connection.",
     one<&pool::query>, nullptr},
    {"pgweir_query_first_response_seconds", histogram_type,
     "Time from the first byte of a query to the server to the first byte of its answer.",
     one<&pool::first_response>, nullptr},
    {"pgweir_transaction_duration_seconds", histogram_type,
     "Time for which a client held a server connection, idle in transaction included.",
     one<&pool::transaction>, nullptr},
    {"pgweir_transaction_idle_seconds_total", counter_type,
     "Time that server connections spent idle in transaction, waiting for the client.",
     seconds<&pool::transaction_idle_nanoseconds>, nullptr},
    {"pgweir_server_connect_duration_seconds", histogram_type,
     "Time to open a connection to PostgreSQL, login included, by outcome.",
     each<&pool::server_connect, connect_label>, nullptr},
    {"pgweir_client_login_duration_seconds", histogram_type,
     "Time from accepting a client to the end of its login, by method and outcome.", nullptr, client_logins},
};

}  // namespace

family_table time_families() { return rows; }

}  // namespace pgweir::metrics
