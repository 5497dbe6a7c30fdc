// tests/core/messages.hpp - whole protocol messages for scripts: the client's in `from_client`, the server's
// in `from_server`. Concatenate them to get a stream.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

// One message taken apart; `name_of` and comparisons make failures readable.
struct message {
  char type = 0;
  std::string body;

  bool operator==(const message&) const = default;
};

// The whole messages at the front of `bytes`. Precondition: nothing but whole messages.
std::vector<message> split(std::string_view bytes);
// One line per message, unprintable bytes as '.'.
std::string readable(std::string_view bytes);

namespace from_client {
std::string parse(std::string_view name, std::string_view text, const std::vector<std::uint32_t>& types = {});
std::string bind_statement(std::string_view portal, std::string_view statement,
                           std::string_view parameter = {});
std::string describe_statement(std::string_view name);
std::string describe_portal(std::string_view name);
std::string close_statement(std::string_view name);
std::string close_portal(std::string_view name);
std::string execute(std::string_view portal = {}, std::uint32_t max_rows = 0);
std::string query(std::string_view text);
std::string function_call();
std::string copy_data(std::string_view line);
std::string copy_done();
std::string copy_fail();
std::string flush();
std::string sync();
std::string terminate();
}  // namespace from_client

namespace from_server {
std::string parse_complete();
std::string bind_complete();
std::string close_complete();
std::string no_data();
std::string parameter_description();
std::string row_description(std::string_view column = "c");
std::string data_row(std::string_view value);
std::string complete(std::string_view tag);
std::string empty_query();
std::string portal_suspended();
std::string function_result();
std::string copy_in();
std::string copy_out();
std::string copy_data(std::string_view line);
std::string copy_done();
std::string error(std::string_view sqlstate, std::string_view text, std::string_view routine = {},
                  std::string_view severity = "ERROR");
std::string notice(std::string_view text);
std::string parameter_status(std::string_view name, std::string_view value);
std::string notification(std::string_view channel);
std::string ready(char transaction = 'I');
}  // namespace from_server

}  // namespace pgweir::test
