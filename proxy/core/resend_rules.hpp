// proxy/core/resend_rules.hpp - which errors of the server say nothing about the unit itself, so that it may
// be sent again, unseen by its client.
//
// Two ask that. A lease has kept the unit, and knows which message failed. A lane holds the whole answer, and
// knows only what was in the unit. Both mend what pgweir itself brought about: a statement of the catalogue
// that the server does not have or has an old plan for, and one that stands in for an unnamed one, which the
// server might have analysed otherwise (types that have changed since). A cancel request that has hit another
// client's unit is core/lane_queue's own affair. Pure functions.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <string_view>

namespace pgweir::core {

// What an ErrorResponse says: views into its body.
struct server_error {
  explicit server_error(wire::bytes_view body);

  std::string_view sqlstate;
  std::string_view severity;  // in English
  std::string_view message;
  std::string_view routine;  // in the server's source
};

struct failed_unit {
  bool is_blind = false;  // executes something that it neither prepares nor describes
  // The statement that failed was parsed before the unit's own Parse of it, or stands in for an unnamed one;
  // on a lane: one of the unit's may be such.
  bool takes_over = false;
};

// "cached plan must not change result type", or a prepared statement that the server does not have.
bool is_about_validity(const server_error& error);
bool is_out_of_date(const server_error& error);
// A Bind asked for the formats of other columns than there are: its client knows the statement by a
// description that is out of date, or is mistaken.
bool is_about_columns(const server_error& error);
// What PostgreSQL says when it analyses a text or reads parameters: it may come from types that have changed
// since the text was parsed.
bool is_from_analysis(const server_error& error);

// Of a simple Query that was sent by the extended protocol: sent as it is it might do without. Not what
// others or the machine have brought about: locks, deadlocks, cancels, want of memory.
bool may_come_from_translation(const server_error& error);

bool may_resend_on_lease(const server_error& error, const failed_unit& failed);

// `statement_prefix`: how the catalogue's names on the server begin.
bool may_resend_on_lane(const server_error& error, const failed_unit& failed,
                        std::string_view statement_prefix);

}  // namespace pgweir::core
