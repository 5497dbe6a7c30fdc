// proxy/wire/response.hpp - the few server messages that pgweir makes itself.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::wire {

void append_authentication_ok(std::string& out);
void append_parameter_status(std::string& out, std::string_view name, std::string_view value);
void append_backend_key_data(std::string& out, int process_id, int secret);
void append_ready_for_query(std::string& out, char transaction_state);
void append_parse_complete(std::string& out);
void append_bind_complete(std::string& out);
void append_parameter_description(std::string& out);  // of a statement without parameters
void append_no_data(std::string& out);
void append_command_complete(std::string& out, std::string_view tag);

}  // namespace pgweir::wire
