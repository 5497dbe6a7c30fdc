// proxy/core/state.hpp - what the relay knows of a client and of a backend; plain values, moved by the two
// relays.
#pragma once

#include "proxy/core/client_statements.hpp"
#include "proxy/core/deferred_transaction.hpp"
#include "proxy/core/expected_responses.hpp"
#include "proxy/core/notification_rules.hpp"
#include "proxy/core/own_numbers.hpp"
#include "proxy/core/prepared_set.hpp"
#include "proxy/core/sequence_values.hpp"
#include "proxy/core/session_profile.hpp"
#include "proxy/core/state_probe.hpp"
#include "proxy/core/unit_end_rules.hpp"
#include "proxy/core/unnamed_statement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::core {

// What becomes of the rest of a message whose beginning was already dealt with.
enum class passing : std::uint8_t { none, forward, drop };

struct message_rest {
  passing how = passing::none;
  std::uint32_t bytes = 0;
};

// A message that must be seen whole to be understood is kept up to this size; a larger one streams through.
inline constexpr std::size_t whole_message_limit = 256 * 1024;
// Units up to this size are kept until they are answered, so that they can be sent again. A larger one
// shares no backend, and is given one before it is whole.
inline constexpr std::size_t kept_unit_limit = 16 * 1024;
// Messages in flight on one backend, beyond which its client is not read any more.
inline constexpr std::size_t most_in_flight = 32 * 1024;

enum class naming : std::uint8_t {
  shared,     // statements carry the catalogue's names on the server, so that any backend serves any client
  own,        // SQL names them: on the backend that the client keeps they carry its names, see own_names.hpp
  untouched,  // nothing that passes is looked at: the client has the backend to itself until it leaves
};

struct client_state {
  client_statements statements;
  unnamed_statement unnamed;
  message_rest rest;
  deferred_transaction deferred;
  naming names = naming::shared;
  // Of its database, when its unit began, and of its own temporary relations, which hide others; see
  // schema_mark.
  std::uint64_t stale_up_to = 0;
  std::uint64_t own_stale_up_to = 0;
  bool in_unit = false;  // extended-protocol messages were sent, their Sync was not
  // From a sequence, as far as its texts show, and not discarded since: it may ask for the value.
  bool has_taken_value = false;
  // It has asked for that while the server was given its names: the unit that waits for them is to fail.
  bool is_cancelled = false;
  bool batch_deallocates = false;  // a statement bound since the last Sync drops prepared statements
  // pgweir itself refused this unit: what follows is skipped up to its Sync
  bool discards_until_sync = false;
  // Names of settings that no extension defined, as far as its texts tell: the server does not list them.
  std::vector<std::string> custom_settings;
  // What becomes of notifications; null: they go through as they are. Outlives the client, or is changed.
  notification_rules* notified = nullptr;
  own_numbers itself;
  // The ReadyForQuery of a unit that ends outside a transaction is left to the session, which has something
  // to say before it.
  bool holds_ready = false;
  // Null: units end when the server says so. Outlives the client, or is changed.
  unit_end_rules* ending = nullptr;
  std::string
      to_deallocate;  // the name that the next Execute drops; empty but for DEALLOCATE by extended protocol

  // A statement too large to be prepared elsewhere keeps the session on its backend.
  bool needs_same_backend() const {
    return statements.any_large() || (unnamed.current() != nullptr && unnamed.current()->is_large);
  }
};

// Counts since the last time the caller took them.
struct relay_counts {
  std::uint32_t schema_changes = 0;
  std::uint32_t temporary_relations = 0;
  std::uint32_t login_changes = 0;  // see tag_effects; committed, or rolled back
  std::uint32_t client_parses = 0;
  std::uint32_t server_parses = 0;
  std::uint32_t unnamed_shared = 0;
  std::uint32_t queries_prepared = 0;
  std::uint32_t binds = 0;
  std::uint32_t evictions = 0;
  std::uint32_t replanned = 0;
  std::uint32_t sequence_reads = 0;       // currval() and lastval() by those who have taken a value
  std::uint32_t processes_told = 0;       // calls of pg_backend_pid()
  std::uint32_t late_sequence_reads = 0;  // where nothing had been taken since the client has the backend
};

// Whose unnamed statement the server has. Serial 0: none; client 0 with another serial: cannot be told.
struct unnamed_holder {
  std::uint64_t client = 0;
  std::uint64_t serial = 0;

  bool operator==(const unnamed_holder&) const = default;
  static constexpr unnamed_holder none() { return {}; }
  static constexpr unnamed_holder unknown() { return {0, 1}; }
};

// The last unit that was sent on a backend: what decides whether it may be sent again, unseen.
struct unit_in_flight {
  bool begun = false;      // something of it is on its way
  bool is_single = false;  // one message, which no Sync follows
  bool is_kept = false;    // alone, small, its client has only acknowledgements: kept_unit holds its bytes
  bool describes = false;  // tells the client anew what rows look like
  bool is_blind = false;   // executes something that it neither prepares nor describes
  bool executes = false;   // something of it may have been done already
  bool stands_in = false;  // a shared statement takes the place of the client's unnamed one
  bool answers_parse = false;  // for a Parse of it the backend had the statement: pgweir gave the answer
  bool parses_unnamed = false;
  bool is_translated = false;    // a simple Query that goes by the extended protocol
  bool uses_unnamed = false;     // the client's unnamed statement that was there before
  bool uses_names = false;       // of statements
  std::uint64_t bound_name = 0;  // serial of the one that the last Bind was for; 0: it has no name
  std::uint64_t bound_statement = 0;
  std::uint64_t first_name = 0;    // serial of the first that it may have given; sent again: of the next
  std::uint32_t acknowledged = 0;  // answers without data that the client already has for it
};

// What no reset takes away: the client keeps the connection, which is closed when that leaves.
enum class lasting_state : std::uint8_t {
  none,
  library,      // LOAD
  random_seed,  // setseed: another client would get random numbers that this one knows
};

struct backend_state {
  expected_responses expected;
  prepared_set prepared;
  message_rest rest;
  unnamed_holder unnamed;
  std::uint64_t unnamed_change = 0;  // when that became so; serial of prepared.changes()
  char transaction = 'I';            // of the last ReadyForQuery
  bool skips_until_sync = false;     // after an error: the server ignores all before the next Sync
  bool changes_schema = false;       // in the transaction that is open
  bool changes_logins = false;       // the same
  bool owes_sync = false;            // that Sync is pgweir's to send: the client sends none behind a Query
  bool copy_in = false;              // takes CopyData
  bool copy_both = false;            // replication stream
  bool copy_end_sent = false;
  bool lost_count = false;  // how many answers are owed cannot be told: never to be reused
  bool dirty = false;       // SQL may have changed session state since the server was asked for it
  std::string suspect;      // the beginning of the last text that made it so
  // What was prepared up to this change may be gone: functions may drop statements, too. What runs on a
  // statement can be sent again then (core/resend_rules); a BEGIN ahead of a unit cannot. Serial of
  // prepared.changes().
  std::uint64_t doubted = 0;
  bool gave_up = false;  // something that keeps the session here may be gone since then
  lasting_state lasting = lasting_state::none;
  // What texts on their way may make, until they are answered.
  wire::made_relation makes = wire::made_relation::none;
  bool may_hide = false;  // a former client may have set what the server does not list
  bool untold = false;  // the server could not be asked: nothing but a reset makes it fit for another client
  sequence_values sequences = sequence_values::none;
  shared_session_profile profile;  // that it has; true unless dirty or untold

  // An exchange of pgweir's own that the client's next unit waits for.
  enum class own_exchange : std::uint8_t {
    none,
    adapts,
    asks_for_state,
    told_state,
    takes_names,
    changes_channels,
    channels_changed
  } own = own_exchange::none;
  state_findings findings;  // complete in told_state; what failed, in channels_changed
  // The last application_name that the server told a client which has it to itself, until the session has
  // seen to it.
  std::optional<std::string> told_name;
  std::string fatal;    // why the server closes, in its words; empty: it has not said so
  std::string refusal;  // the ErrorResponse of a unit that pgweir refuses
  std::string refused;  // what would have made it fit: its words; empty: it did not refuse

  unit_in_flight unit;
  std::string kept_unit;         // for "cached plan must not change result type" and the like
  std::uint32_t to_swallow = 0;  // answers that the client has from before it was sent again
  bool wants_replay = false;
  relay_counts counts;
  std::string spare;    // memory that goes round with unnamed statements
  std::string scratch;  // where messages are built

  // The server waits for the client's CopyData.
  bool awaits_copy_data() const { return copy_in && !copy_end_sent; }
  // Nothing is owed, no transaction is open: another client may have it.
  bool is_quiet() const {
    return expected.empty() && transaction == 'I' && !skips_until_sync && !copy_in && !copy_both &&
           !lost_count && rest.how == passing::none && own == own_exchange::none;
  }
};

}  // namespace pgweir::core
