#include "proxy/outcome.hpp"

#include <array>

namespace pgweir::proxy {
namespace {

using enum config::log_level;

constexpr std::array<outcome_row, 25> rows{{
    {"client terminated", "", "", "", "", info},
    {"client disconnected", "", "", "", "", info},
    {"client connection broke", "", "", "", "", info},
    {"client violated the protocol", "FATAL", "08P01",
     "the client sent something that is not PostgreSQL's protocol", "", warning},
    {"no memory for prepared statements", "FATAL", "53200",
     "the prepared statements of all clients need more than limits.prepared_memory",
     "Raise limits.prepared_memory, or close statements that are not used any more.", warning},
    {"client idle too long", "FATAL", "57P05", "terminating connection due to pgweir's client_idle_timeout",
     "Raise client_idle_timeout, or let the application close connections that it does not use.", info},
    {"client keeps its server connection", "FATAL", "57P05",
     "terminating connection due to pgweir's pin_idle_timeout",
     "Something that lives on one server connection kept this session there: a temporary table, a session "
     "lock, "
     "LISTEN, a held cursor, or PREPARE. Give it up when it is not needed, or raise pin_idle_timeout.",
     warning},
    {"client idle in transaction", "FATAL", "25P03",
     "terminating connection due to pgweir's idle_transaction_timeout",
     "Raise idle_transaction_timeout, or commit sooner.", warning},
    {"client does not read", "FATAL", "57014",
     "terminating connection: the client did not read its answer within client_write_timeout",
     "Raise client_write_timeout, or read answers as they come.", warning},
    {"client takes no notifications", "FATAL", "57014",
     "terminating connection: too many notifications wait for the client",
     "Read notifications as they come, and keep transactions of listening sessions short.", warning},
    {"too many clients", "FATAL", "53300", "sorry, too many clients already",
     "Raise the limit in pgweir's configuration, or open fewer connections.", warning},
    {"transaction in statement mode", "FATAL", "0A000",
     "transaction blocks are not allowed in pool mode \"statement\"",
     "Use pool mode \"transaction\" for this database or user.", warning},
    {"waited too long", "ERROR", "57014", "no server connection became free within query_wait_timeout",
     "Look for long transactions and for sessions that keep a connection (pgweir_pinned_servers), raise "
     "pool.size, or raise query_wait_timeout.",
     warning},
    {"cancelled while waiting", "ERROR", "57014", "canceling statement due to user request", "", info},
    {"in a failed transaction", "ERROR", "25P02",
     "current transaction is aborted, commands ignored until end of transaction block", "", info},
    {"lost its lane", "ERROR", "08006", "the server connection that this query shared was closed",
     "Whether the query took effect is not known. If it only reads, send it again. If that fails, too, see "
     "pgweir's log, and set multiplex = \"off\" for this database or user.",
     error},
    {"too many pinned sessions", "ERROR", "53300",
     "too many sessions of this pool keep a server connection (max_pinned)",
     "Temporary tables, session locks, LISTEN, held cursors, LOAD and PREPARE need a server connection of "
     "one's own. "
     "Give up what is not needed, or raise max_pinned.",
     warning},
    {"query ran too long", "FATAL", "57014",
     "terminating connection: the query ran past query_timeout and did not end when cancelled",
     "Raise query_timeout, or look at what the server is doing.", warning},
    {"waited too long at login", "FATAL", "57014",
     "no server connection became free within query_wait_timeout",
     "Look for long transactions and for sessions that keep a connection (pgweir_pinned_servers), raise "
     "pool.size, or raise query_wait_timeout.",
     warning},
    {"server refused", "FATAL", "08004", "the server refused the connection", "", warning},
    {"server said FATAL", "", "", "", "", warning},
    {"server connection lost", "FATAL", "08006", "the server closed the connection unexpectedly",
     "Whether the last statement took effect is not known. See the server's log.", warning},
    {"server violated the protocol", "FATAL", "08P01", "the server's answer does not fit what was asked",
     "See pgweir's log.", error},
    {"session state refused", "FATAL", "08004",
     "the server refused to give another connection what this session has set",
     "A role or a setting may have been dropped or forbidden since the session set it. Connect again.",
     warning},
    {"shutting down", "FATAL", "57P01", "terminating connection: pgweir is shutting down", "", info},
}};

}  // namespace

const outcome_row& row_of(outcome what) { return rows[static_cast<std::size_t>(what)]; }

wire::error_fields error_of(outcome what, std::string_view detail) {
  const auto& row = row_of(what);
  return {.severity = std::string(row.severity),
          .sqlstate = std::string(row.sqlstate),
          .message = std::string(row.message),
          .detail = std::string(detail),
          .hint = std::string(row.hint)};
}

}  // namespace pgweir::proxy
