// proxy/core/command_tag.hpp - what the tag of a CommandComplete tells of what the command has left behind.
#pragma once

#include <string_view>

namespace pgweir::core {

struct tag_effects {
  // The session may keep something of it. Temporary tables hide behind CREATE, and what is run by DO, CALL
  // and EXPLAIN has no tag. The texts are judged before they are sent (wire::sql_class), and this is for what
  // was not seen in them. A client's own DISCARD ALL is among them: it takes away the application's name,
  // which the pool believes to be that of the session.
  bool leaves_state = false;
  // What kept the session on its connection may be gone.
  bool gives_up = false;
  // A text that was parsed before may mean something else now: other relations, functions or types by the
  // same names. The server itself sees that a relation is dropped, and looks again.
  bool changes_schema = false;
  // Who logs in from now on is met by something else: a role that is gone or another one by the same name,
  // other settings of the role or the database.
  bool changes_logins = false;
  // It may have made a table, a view or the like; a SELECT only if its text says so.
  bool may_make_relation = false;
};

tag_effects effects_of(std::string_view tag);

}  // namespace pgweir::core
