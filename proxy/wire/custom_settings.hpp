// proxy/wire/custom_settings.hpp - names of settings that no extension has defined (myapp.tenant), as far as
// a text shows that it sets them: SET a.b, set_config('a.b', ...). The server keeps them but lists them
// nowhere (guc.c, add_placeholder_variable), so who wants to know their values has to know their names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::wire {

// Appends those that are not there yet, as long as there are fewer than `most`. A name too many does no harm.
void collect_custom_settings(std::string_view sql, std::vector<std::string>& names, std::size_t most);

}  // namespace pgweir::wire
