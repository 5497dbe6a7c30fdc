// metrics/families_sharing.cpp - who shares a server connection, who has one alone, and why.
#include "metrics/families.hpp"

namespace pgweir::metrics {

namespace {

constexpr enum_label<pin_reasons> pin_label{
    "reason",
    {"session_mode", "replication", "large_statement", "copy_doubt", "advisory_lock", "temporary_object",
     "listen", "held_cursor", "sql_prepare", "unknown_state", "load", "sequence", "random_seed"}};
constexpr enum_label<lease_reasons> lease_label{
    "reason",
    {"off", "session_mode", "in_transaction", "several_statements", "command", "locks_rows",
     "session_function", "temporary", "not_understood", "writes", "unproven", "slow", "large", "incomplete",
     "pipelined", "resent", "stalled", "listens"}};
constexpr enum_label<resend_reasons> resend_label{
    "reason",
    {"canceled_for_another", "server_lost", "statement_missing", "stalled", "batch_failed", "translated"}};
constexpr enum_label<listen_losses> listen_loss_label{"outcome", {"closed", "repaired"}};
constexpr enum_label<lane_close_reasons> lane_close_label{
    "reason", {"transaction_open", "server", "protocol", "client_stalled"}};
constexpr enum_label<deferred_begin_outcomes> deferred_label{"outcome", {"sent", "empty", "refused"}};

// Units by the way they went to the server; those that went on a lane need no reason.
void units(const pool_view& pool, samples& out) {
  add_sum(pool, out, [](const pool_instruments& worker) -> const auto& { return worker.lane_units; },
          {{"way", "lane"}, {"reason", "shared"}});
  for (std::size_t i = 0; i < lease_reasons; ++i)
    add_sum(pool,
            out, [i](const pool_instruments& worker) -> const auto& { return worker.lease_units.at[i]; },
            {{"way", "lease"}, {lease_label.name, lease_label.values[i]}});
}

using pool = pool_instruments;

constexpr family_row rows[] = {
    {"pgweir_units_total", counter_type,
     "Queries, or pipelines up to their Sync, by way (a shared lane, or a lease) and by why they were leased "
     "a server connection.",
     units, nullptr},
    {"pgweir_lanes", gauge_type, "Server connections that are lanes, shared by clients at the same time.",
     one<&pool::lanes>, nullptr},
    {"pgweir_lane_depth", histogram_type, "How many units stood on a lane when another one joined it.",
     one<&pool::lane_depth>, nullptr},
    {"pgweir_lane_batches_total", counter_type,
     "Pipelines of one or several clients' units that lanes sent with one Sync, a transaction to the server.",
     one<&pool::lane_batches>, nullptr},
    {"pgweir_lane_batched_units_total", counter_type, "Units in these pipelines.",
     one<&pool::lane_batched_units>, nullptr},
    {"pgweir_lane_expected_seconds_total", counter_type,
     "Time that the units on lanes were expected to take, without waiting for those before them.",
     seconds<&pool::lane_expected_nanoseconds>, nullptr},
    {"pgweir_lane_real_seconds_total", counter_type,
     "Time that the units on lanes took, without waiting for those before them.",
     seconds<&pool::lane_real_nanoseconds>, nullptr},
    {"pgweir_lane_closes_total", counter_type, "Lanes that ended with units on them, by reason.",
     each<&pool::lane_closes, lane_close_label>, nullptr},
    {"pgweir_resent_units_total", counter_type,
     "Units sent a second time, unseen by their client, by reason.", each<&pool::resent_units, resend_label>,
     nullptr},
    {"pgweir_deferred_begins_total", counter_type,
     "BEGINs answered before a server saw them, by outcome: sent with the first statement, or the "
     "transaction "
     "was empty, or its first statement was refused a server connection.",
     each<&pool::deferred_begins, deferred_label>, nullptr},
    {"pgweir_profile_switches_total", counter_type,
     "Times that a server connection was given the settings of another session.",
     one<&pool::profile_switches>, nullptr},
    {"pgweir_state_probes_total", counter_type,
     "Times that a server was asked what a session has left on its connection.", one<&pool::state_probes>,
     nullptr},
    {"pgweir_pins_total", counter_type, "Sessions that began to keep their server connection, by reason.",
     each<&pool::pins, pin_label>, nullptr},
    {"pgweir_pinned_servers", gauge_type, "Server connections kept by one session, by reason.",
     each<&pool::pinned, pin_label>, nullptr},
    {"pgweir_pinned_seconds_total", counter_type,
     "Time for which sessions kept their server connection beyond a transaction, by reason; counted when it "
     "ends.",
     each_seconds<&pool::pinned_nanoseconds, pin_label>, nullptr},
    {"pgweir_listening_clients", gauge_type, "Clients that listen through a shared server connection.",
     one<&pool::listeners>, nullptr},
    {"pgweir_listened_channels", gauge_type, "Channels that shared server connections listen to.",
     one<&pool::listened_channels>, nullptr},
    {"pgweir_notifications_total", counter_type,
     "Notifications that shared server connections have brought to clients.", one<&pool::notifications>,
     nullptr},
    {"pgweir_listen_losses_total", counter_type,
     "Shared listening server connections that were lost, by what became of their sessions.",
     each<&pool::listen_losses, listen_loss_label>, nullptr},
};

}  // namespace

family_table sharing_families() { return rows; }

std::string_view name_of(pin_reason why) { return pin_label.values[static_cast<std::size_t>(why)]; }

}  // namespace pgweir::metrics
