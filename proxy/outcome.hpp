// proxy/outcome.hpp - every way in which pgweir itself ends a session or refuses a unit: who is to blame, and
// in which phase. One table maps it to what the client is told, what is logged, and how it is counted.
#pragma once

#include "config/config.hpp"
#include "proxy/wire/error_response.hpp"

#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

enum class outcome : std::uint8_t {
  client_terminated,    // said goodbye
  client_disconnected,  // went away without a word
  client_broke,         // the connection failed
  client_violated_protocol,
  client_exceeds_memory,          // limits.prepared_memory
  client_idle_too_long,           // client_idle_timeout
  client_pins_too_long,           // pin_idle_timeout
  client_idle_in_transaction,     // idle_transaction_timeout
  client_does_not_read,           // client_write_timeout
  client_takes_no_notifications,  // they have piled up
  client_limit_reached,           // limits.clients, or those of its database or user
  client_opened_transaction,      // pool mode "statement"
  unit_waited_too_long,           // query_wait_timeout
  unit_cancelled_waiting,         // cancel request for a unit that had no backend yet
  unit_in_failed_transaction,     // of which no server knows
  unit_lost_its_lane,             // the server connection that it shared had to be closed
  unit_pins_too_many,             // max_pinned
  unit_ran_too_long,              // query_timeout, and the cancel request did not help
  login_waited_too_long,          // as unit_waited_too_long, by a client whose login needs a server
  server_refused,                 // the server will not let us in
  server_said_fatal,              // the client has the server's own words already
  server_lost,                    // the server's connection ended without a word
  server_violated_protocol,
  server_refused_state,  // another connection could not be given what the session has set
  shutting_down,
};

struct outcome_row {
  std::string_view label;     // for logs
  std::string_view severity;  // FATAL: the session ends; ERROR: the unit is refused; empty: nothing is sent
  std::string_view sqlstate;
  std::string_view message;
  std::string_view hint;
  config::log_level level;
};

const outcome_row& row_of(outcome what);

// What the client is told. `detail` says what happened in this case, and may be empty.
wire::error_fields error_of(outcome what, std::string_view detail);

}  // namespace pgweir::proxy
