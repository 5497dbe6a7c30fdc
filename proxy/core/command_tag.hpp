// proxy/core/command_tag.hpp - what the tag of a CommandComplete tells of what the command has left behind.
#pragma once

#include <string_view>

namespace pgweir::core {

// Whether the session may keep something of it. Temporary tables hide behind CREATE, and what is run by DO,
// CALL and EXPLAIN has no tag. That of SELECT INTO is a SELECT's: the texts are judged before they are sent
// (wire::text_may_leave_state), and this is for what was not seen in them. A client's own DISCARD ALL is
// among them: it takes away the application's name, which the pool believes to be that of the session.
bool may_leave_state(std::string_view tag);

// Whether what kept the session on its connection may be gone.
bool gives_up(std::string_view tag);

// Whether a text that was parsed before may have other types now: of its parameters, or of its rows. A new
// table or index gives none to what could be parsed without it.
bool changes_schema(std::string_view tag);

}  // namespace pgweir::core
