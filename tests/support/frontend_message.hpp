// tests/support/frontend_message.hpp - the messages of a client, as bytes, to be joined with +.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::test {

using parameters = std::vector<std::pair<std::string, std::string>>;
using optional_text = std::optional<std::string>;  // nothing: NULL

namespace frontend {

// Any message: its type, its length word, its body.
std::string message(char type, std::string_view body = {});

// `version` is the high and the low half of the version word.
std::string startup(const parameters& given, std::uint32_t version = 3u << 16);
std::string ssl_request();
std::string gssenc_request();
std::string cancel_request(std::uint32_t process_id, std::string_view key);

std::string query(std::string_view sql);
std::string parse(std::string_view name, std::string_view sql, const std::vector<std::uint32_t>& types = {});
// All in text format.
std::string bind(std::string_view portal, std::string_view statement,
                 const std::vector<optional_text>& values = {});
std::string describe_statement(std::string_view name);
std::string describe_portal(std::string_view name);
std::string execute(std::string_view portal = {}, std::uint32_t row_limit = 0);
std::string close_statement(std::string_view name);
std::string close_portal(std::string_view name);
std::string flush();
std::string sync();
std::string copy_data(std::string_view data);
std::string copy_done();
std::string copy_fail(std::string_view reason);
std::string function_call(std::uint32_t function, const std::vector<optional_text>& arguments);
std::string password(std::string_view text);
std::string terminate();

}  // namespace frontend
}  // namespace pgweir::test
