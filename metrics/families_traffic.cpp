// metrics/families_traffic.cpp - how much passes through, and which errors with it.
#include "metrics/families.hpp"

#include <algorithm>
#include <string_view>

namespace pgweir::metrics {

namespace {

constexpr enum_label<error_origins> origin_label{"origin", {"server", "pooler", "client"}};

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

using pool = pool_instruments;
using worker = worker_instruments;

constexpr family_row rows[] = {
    {"pgweir_queries_total", counter_type, "Queries answered.", one<&pool::queries>, nullptr},
    {"pgweir_transactions_total", counter_type, "Transactions ended.", one<&pool::transactions>, nullptr},
    {"pgweir_received_bytes_total", counter_type, "Bytes received from clients and from servers.",
     by_side<&pool::client_received_bytes, &pool::server_received_bytes>, nullptr},
    {"pgweir_sent_bytes_total", counter_type, "Bytes sent to clients and to servers.",
     by_side<&pool::client_sent_bytes, &pool::server_sent_bytes>, nullptr},
    {"pgweir_errors_total", counter_type,
     "Errors that clients were told, by who found them and by the first two characters of the SQLSTATE.",
     errors, nullptr},
    {"pgweir_backpressure_seconds_total", counter_type,
     "Time for which reading stood still because this side did not take what was sent to it.",
     seconds_by_side<&pool::backpressure_client_nanoseconds, &pool::backpressure_server_nanoseconds>,
     nullptr},
    {"pgweir_buffer_bytes", gauge_type, "Memory of buffers that hold unsent or incomplete data.", nullptr,
     one<&worker::buffer_bytes>},
};

}  // namespace

family_table traffic_families() { return rows; }

}  // namespace pgweir::metrics
