// metrics/instruments.hpp - every instrument that pgweir's workers write, as plain structs.
// Names, help texts and labels are given to them in tables by subject: metrics/families.hpp.
// Thread rule: one writer per struct (the worker that it was made for), see metrics/instrument.hpp.
#pragma once

#include "metrics/instrument.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace pgweir::metrics {

enum class client_state { login, idle, active, waiting, idle_in_transaction };
enum class server_state { login, idle, active, idle_in_transaction, being_canceled };
enum class wait_outcome { ok, timeout, cancel, disconnect, error };
enum class connect_outcome { ok, error, timeout };
enum class login_outcome { ok, refused, timeout, error };
enum class login_method { trust, password, md5, scram_sha_256, none };
enum class cancel_outcome { forwarded, late, unknown_key, queued };
enum class close_reason { lifetime, idle, error, dirty, client, server, reload, replaced, outdated };
enum class error_origin { server, pooler, client };
enum class pin_reason {
  session_mode,
  replication,
  large_statement,
  copy_doubt,
  advisory_lock,
  temporary_object,
  listen,
  held_cursor,
  sql_prepare,
  unknown_state,
  load,
  sequence,
  random_seed
};

// Why a unit was given a backend of its own instead of a place on a lane.
// As in the metrics' labels.
std::string_view name_of(pin_reason why);

enum class lease_reason {
  off,                 // multiplex = "off"
  session_mode,        // mode = "session"
  in_transaction,      // the session held the backend already
  several_statements,  // in one Query
  command,             // no plain read or write: SET, BEGIN, COPY, CREATE, ...
  locks_rows,          // FOR UPDATE and the like: it may wait for others
  session_function,    // calls a function that keeps state in the session
  temporary,           // touches what only one session has
  not_understood,      // its text tells nothing certain
  writes,              // it may write
  unproven,            // the statement has not shown yet that it is fast and small
  slow,                // it has shown the opposite
  large,               // so it has
  incomplete,          // does not end in Sync, or was too big to be kept
  pipelined,           // came before the answer to the one before
  resent,              // had to be sent again
  stalled,             // taken back from a lane whose head took too long
  listens,             // its session listens through a shared connection, and is told what has come behind it
};
// What became of the sessions that listened through a server connection which was lost.
enum class listen_loss { closed, repaired };
// Why a unit was sent a second time, unseen by its client.
enum class resend_reason {
  canceled_for_another,  // a cancel request meant another client's unit
  server_lost,           // the connection ended before its turn
  statement_missing,     // a prepared statement was not there, or its plan was out of date
  stalled,               // the head of its lane took too long
  batch_failed,          // one of those that shared its Sync failed, or answered too much
  translated,            // a simple query that was sent as a prepared one failed
};
// Why a lane ended with units on it.
enum class lane_close_reason {
  transaction_open,  // a unit left a transaction open
  server,            // the connection broke, or the server closed it
  protocol,          // the server sent what nobody had asked for
  client_stalled,    // the client at the head did not read its answer
};

// What became of a BEGIN that pgweir answered itself.
enum class deferred_begin_outcome {
  sent,     // with the first unit behind it
  empty,    // the transaction ended before
  refused,  // its first unit got no server connection
};

inline constexpr std::size_t client_states = 5, server_states = 5, wait_outcomes = 5, connect_outcomes = 3,
                             login_outcomes = 4, login_methods = 5, cancel_outcomes = 4, close_reasons = 9,
                             error_origins = 3, pin_reasons = 13, lease_reasons = 18, resend_reasons = 6,
                             lane_close_reasons = 4, deferred_begin_outcomes = 3, listen_losses = 2;
// First two characters of a SQLSTATE, bounded: the classes that PostgreSQL 15 documents, and "other".
inline constexpr std::size_t sqlstate_classes = 44;
std::size_t sqlstate_class_index(const char* sqlstate);  // sqlstate: at least two characters
const char* sqlstate_class_name(std::size_t index);

// An array indexed by one of the enums above.
template <class Instrument, class Enum, std::size_t N>
struct by {
  std::array<Instrument, N> at{};
  Instrument& operator[](Enum e) { return at[static_cast<std::size_t>(e)]; }
  const Instrument& operator[](Enum e) const { return at[static_cast<std::size_t>(e)]; }
};

// Each struct starts a cache line of its own, so that workers do not slow one another down.
inline constexpr std::size_t cache_line = 64;

// One per (worker, database, user).
struct alignas(cache_line) pool_instruments {
  by<gauge, client_state, client_states> clients;
  by<gauge, server_state, server_states> servers;

  by<latency_histogram, wait_outcome, wait_outcomes>
      wait;                          // from asking for a backend to getting one, or giving up
  latency_histogram query;           // executing: first byte to the server -> last byte of the answer
  latency_histogram first_response;  // first byte to the server -> first byte of the answer
  latency_histogram transaction;     // backend held, including idle in transaction
  by<latency_histogram, connect_outcome, connect_outcomes> server_connect;

  counter queries, transactions, server_assignments;
  counter transaction_idle_nanoseconds;
  counter client_received_bytes, client_sent_bytes, server_received_bytes, server_sent_bytes;

  counter client_parses, server_parses, binds, prepared_evictions;
  std::array<by<counter, error_origin, error_origins>, sqlstate_classes> errors;
  by<counter, pin_reason, pin_reasons> pins;
  by<gauge, pin_reason, pin_reasons> pinned;
  by<counter, pin_reason, pin_reasons> pinned_nanoseconds;  // added when a pin ends

  counter lane_units;  // sent on a lane
  by<counter, lease_reason, lease_reasons> lease_units;
  gauge lanes;                 // backends that are lanes now
  depth_histogram lane_depth;  // units that stood on a lane when another one joined
  counter lane_batches,
      lane_batched_units;  // Syncs that lanes sent for units that may share one; these units
  // Of the units that lanes answered: what each was expected to take as the head, and what it took.
  counter lane_expected_nanoseconds, lane_real_nanoseconds;
  by<counter, resend_reason, resend_reasons> resent_units;
  by<counter, lane_close_reason, lane_close_reasons> lane_closes;

  by<counter, deferred_begin_outcome, deferred_begin_outcomes> deferred_begins;
  gauge listeners;          // sessions that listen through a shared connection
  gauge listened_channels;  // of the shared connections that this worker keeps
  counter notifications;    // from there to sessions
  by<counter, listen_loss, metrics::listen_losses> listen_losses;

  counter unnamed_shared;    // Parses without a name answered from the catalogue, or sent under a shared name
  counter queries_prepared;  // simple Queries that ran on a statement of the catalogue
  counter unnamed_demoted;   // statements no longer shared: their generic plan was slower

  by<counter, cancel_outcome, cancel_outcomes> cancels;  // unknown_key is counted in worker_instruments
  by<counter, close_reason, close_reasons> server_closes;
  counter server_resets;
  counter profile_switches;
  counter state_probes;
  counter backpressure_client_nanoseconds, backpressure_server_nanoseconds;
  counter replanned;  // units re-prepared and resent after "cached plan must not change result type"

  gauge oldest_waiter_started_nanoseconds;  // steady clock; 0 while nobody waits
};

// One per worker: what belongs to no pool (yet).
struct alignas(cache_line) worker_instruments {
  std::array<by<latency_histogram, login_outcome, login_outcomes>, login_methods> client_login;
  gauge clients_in_login;
  counter unknown_cancel_keys;
  gauge buffer_bytes;                         // held by connections that have unsent or incomplete data
  gauge prepared_statements, prepared_bytes;  // the catalogue; written by worker 0
};

}  // namespace pgweir::metrics
