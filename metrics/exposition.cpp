#include "metrics/exposition.hpp"

#include "metrics/log.hpp"
#include "metrics/process_stats.hpp"
#include "metrics/registry.hpp"
#include "metrics/samples.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pgweir::metrics {

namespace {

// Label values, in the order of the enums of metrics/instruments.hpp.
constexpr enum_label<client_states> client_state_label{
    "state", {"login", "idle", "active", "waiting", "idle_in_transaction"}};
constexpr enum_label<server_states> server_state_label{
    "state", {"login", "idle", "active", "idle_in_transaction", "being_canceled"}};
constexpr enum_label<wait_outcomes> wait_label{"outcome", {"ok", "timeout", "cancel", "disconnect", "error"}};
constexpr enum_label<connect_outcomes> connect_label{"outcome", {"ok", "error", "timeout"}};
constexpr enum_label<login_outcomes> login_label{"outcome", {"ok", "refused", "timeout", "error"}};
constexpr enum_label<login_methods> method_label{"method",
                                                 {"trust", "password", "md5", "scram-sha-256", "none"}};
constexpr enum_label<close_reasons> close_label{
    "reason", {"lifetime", "idle", "error", "dirty", "client", "server", "reload", "replaced"}};
constexpr enum_label<error_origins> origin_label{"origin", {"server", "pooler", "client"}};
constexpr enum_label<pin_reasons> pin_label{"reason",
                                            {"session_mode", "replication", "large_statement", "copy_doubt"}};
constexpr enum_label<cancel_outcomes> cancel_label{"outcome", {"forwarded", "late", "unknown_key", "queued"}};

// A client that has not said yet who it is carries neither database nor user.
void clients_in_login(const registry_view& all, samples& out) {
  add_sum(all, out, [](const worker_instruments& worker) -> const auto& { return worker.clients_in_login; },
          {{client_state_label.name, client_state_label.values[0]}});
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

// All 132 pairs of origin and class would drown the rest, so those that alerts ask for exist from the start
// (a rate needs the zero) and the others from their first error on.
bool shown_at_zero(std::string_view sqlstate_class) {
  constexpr std::array<std::string_view, 6> common{"08", "23", "40", "42", "53", "57"};
  return std::find(common.begin(), common.end(), sqlstate_class) != common.end();
}
void errors(const pool_view& pool, samples& out) {
  for (std::size_t origin = 0; origin < error_origins; ++origin) {
    for (std::size_t code = 0; code < sqlstate_classes; ++code) {
      std::uint64_t sum = 0;
      for (const auto* worker : pool.workers) sum += worker->errors[code].at[origin].value();
      if (sum == 0 && !shown_at_zero(sqlstate_class_name(code))) continue;
      out.value(static_cast<double>(sum), {{origin_label.name, origin_label.values[origin]},
                                           {"sqlstate_class", sqlstate_class_name(code)}});
    }
  }
}

void longest_wait(const pool_view& pool, samples& out) {
  std::int64_t longest = 0;
  for (const auto* worker : pool.workers) {
    const std::int64_t started = worker->oldest_waiter_started_nanoseconds.value();
    if (started != 0) longest = std::max(longest, out.context().now_nanoseconds - started);
  }
  out.value(static_cast<double>(longest) * 1e-9);
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
void dropped_lines(const registry_view&, samples& out) {
  out.value(static_cast<double>(log::dropped_lines()));
}
void build_info(const registry_view&, samples& out) { out.value(1, {{"version", out.context().version}}); }

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

struct family_row {
  const char* name;
  prometheus::MetricType type;
  const char* help;
  void (*of_pool)(const pool_view&, samples&);  // once per pool, with the labels database and user; or null
  void (*of_process)(const registry_view&, samples&);  // once; or null
};

using pool = pool_instruments;
using worker = worker_instruments;
constexpr auto counter_type = prometheus::MetricType::Counter;
constexpr auto gauge_type = prometheus::MetricType::Gauge;
constexpr auto histogram_type = prometheus::MetricType::Histogram;

// tests/data/metrics.golden holds the names, types and help texts: people's dashboards and alerts rely on
// them.
constexpr family_row families[] = {
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

    {"pgweir_queries_total", counter_type, "Queries answered.", one<&pool::queries>, nullptr},
    {"pgweir_transactions_total", counter_type, "Transactions ended.", one<&pool::transactions>, nullptr},
    {"pgweir_server_assignments_total", counter_type, "Server connections given to clients.",
     one<&pool::server_assignments>, nullptr},
    {"pgweir_received_bytes_total", counter_type, "Bytes received from clients and from servers.",
     by_side<&pool::client_received_bytes, &pool::server_received_bytes>, nullptr},
    {"pgweir_sent_bytes_total", counter_type, "Bytes sent to clients and to servers.",
     by_side<&pool::client_sent_bytes, &pool::server_sent_bytes>, nullptr},
    {"pgweir_errors_total", counter_type,
     "Errors that clients were told, by who found them and by the first two characters of the SQLSTATE.",
     errors, nullptr},

    {"pgweir_prepared_client_parses_total", counter_type, "Parse messages received from clients.",
     one<&pool::client_parses>, nullptr},
    {"pgweir_prepared_server_parses_total", counter_type, "Parse messages sent to servers.",
     one<&pool::server_parses>, nullptr},
    {"pgweir_prepared_binds_total", counter_type, "Bind messages received from clients.", one<&pool::binds>,
     nullptr},
    {"pgweir_prepared_evictions_total", counter_type,
     "Prepared statements closed on a server connection to make room for others.",
     one<&pool::prepared_evictions>, nullptr},
    {"pgweir_prepared_replans_total", counter_type,
     "Queries prepared and sent again after: cached plan must not change result type.", one<&pool::replanned>,
     nullptr},
    {"pgweir_prepared_statements", gauge_type, "Statement texts in the catalogue that all clients share.",
     nullptr, one<&worker::prepared_statements>},
    {"pgweir_prepared_bytes", gauge_type, "Memory of the catalogue of prepared statements.", nullptr,
     one<&worker::prepared_bytes>},

    {"pgweir_pins_total", counter_type, "Sessions that began to keep their server connection, by reason.",
     each<&pool::pins, pin_label>, nullptr},
    {"pgweir_pinned_servers", gauge_type, "Server connections kept by one session, by reason.",
     each<&pool::pinned, pin_label>, nullptr},
    {"pgweir_cancels_total", counter_type,
     "Cancel requests by outcome; one with an unknown key has no database and user.", cancels_of_pool,
     unknown_cancels},
    {"pgweir_server_closes_total", counter_type, "Server connections closed, by reason.",
     each<&pool::server_closes, close_label>, nullptr},
    {"pgweir_server_resets_total", counter_type, "Server connections cleaned before the next client.",
     one<&pool::server_resets>, nullptr},

    {"pgweir_backpressure_seconds_total", counter_type,
     "Time for which reading stood still because this side did not take what was sent to it.",
     seconds_by_side<&pool::backpressure_client_nanoseconds, &pool::backpressure_server_nanoseconds>,
     nullptr},
    {"pgweir_buffer_bytes", gauge_type, "Memory of buffers that hold unsent or incomplete data.", nullptr,
     one<&worker::buffer_bytes>},

    {"pgweir_log_dropped_lines_total", counter_type,
     "Log lines lost because the log could not be written as fast.", nullptr, dropped_lines},
    {"pgweir_build_info", gauge_type, "Always 1; the version is in the label.", nullptr, build_info},
};

}  // namespace

exposition::exposition(const registry& instruments, std::string version)
    : instruments_(instruments), version_(std::move(version)) {}

std::vector<prometheus::MetricFamily> exposition::Collect() const {
  return collect_at(std::chrono::steady_clock::now());
}

std::vector<prometheus::MetricFamily> exposition::collect_at(
    std::chrono::steady_clock::time_point now) const {
  const registry_view all = instruments_.view();
  const scrape_context context{version_, std::chrono::nanoseconds(now.time_since_epoch()).count()};
  std::vector<prometheus::MetricFamily> collected;
  for (const family_row& row : families) {
    prometheus::MetricFamily& family = collected.emplace_back();
    family.name = row.name;
    family.help = row.help;
    family.type = row.type;
    if (row.of_process != nullptr) {
      samples out(family, context, {});
      row.of_process(all, out);
    }
    if (row.of_pool == nullptr) continue;
    for (const pool_view& each_pool : all.pools) {
      samples out(family, context, {{"database", each_pool.database}, {"user", each_pool.user}});
      row.of_pool(each_pool, out);
    }
  }
  for (prometheus::MetricFamily& family : process_families()) collected.push_back(std::move(family));
  return collected;
}

std::string exposition::text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace pgweir::metrics
