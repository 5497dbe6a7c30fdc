// proxy/core/state_probe.hpp - asks the server what a session has left on its connection, because no proxy
// can see that in what passes: a SET may be rolled back, and functions and DO blocks may do anything.
#pragma once

#include "proxy/core/session_profile.hpp"
#include "proxy/wire/cursor.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::core {

// What cannot be had on another connection: the session has to stay on this one.
struct bound_state {
  bool advisory_locks = false;
  bool temporary_objects = false;
  bool listens = false;  // see state_findings::channels
  bool held_cursors = false;
  bool sql_prepared = false;  // PREPARE, not the protocol's Parse

  bool any() const { return listens || any_but_listening(); }
  bool any_but_listening() const {
    return advisory_locks || temporary_objects || held_cursors || sql_prepared;
  }
};

// Under the client's own name, with its text and types as in a Parse message; these are empty if the text is
// too large to be asked for.
struct protocol_statement {
  std::string name;
  std::string text_and_types{};
};

// What the server answered. Settings that an extension has not defined (myapp.tenant) are in no list of the
// server; of these only those in `custom` are asked for.
struct state_findings {
  session_profile profile;  // its authorization is session_user in any case
  bound_state bound;
  std::vector<std::string> channels;            // listened to
  std::optional<std::string> application_name;  // nothing: reset, so that it is as logged in
  std::string role;  // "none" is a part of the profile only where a login may begin with another
  std::vector<protocol_statement> statements;  // only where the client has its own names there
  bool failed = false;

  // One DataRow of the answer; false: it cannot be one.
  bool add_row(wire::bytes_view body);
};

// The Query whose answer are rows for state_findings, `more` joined to it. Every name in it is qualified:
// search_path is the client's.
std::string probe_sql(const std::vector<std::string>& custom, std::string_view more = {});

}  // namespace pgweir::core
