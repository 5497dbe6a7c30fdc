// metrics/families_statements.cpp - prepared statements, with a name and without.
#include "metrics/families.hpp"

namespace pgweir::metrics {

namespace {

using pool = pool_instruments;
using worker = worker_instruments;

constexpr family_row rows[] = {
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
    {"pgweir_unnamed_shared_total", counter_type,
     "Parse messages without a name that needed no parsing of their own: a shared statement served them.",
     one<&pool::unnamed_shared>, nullptr},
    {"pgweir_queries_prepared_total", counter_type,
     "Simple queries that needed no parsing of their own: a shared statement served them.",
     one<&pool::queries_prepared>, nullptr},
    {"pgweir_unnamed_demoted_total", counter_type,
     "Statements without a name, and simple queries, that stopped being shared, as their generic plan was "
     "slower.",
     one<&pool::unnamed_demoted>, nullptr},
};

}  // namespace

family_table statement_families() { return rows; }

}  // namespace pgweir::metrics
