#include "tests/core/messages.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/writer.hpp"

#include <cctype>
#include <stdexcept>

namespace pgweir::test {
namespace {

std::string bare(char type, std::string_view body = {}) {
  std::string made;
  wire::writer{made}.begin(type).raw(body).end();
  return made;
}

}  // namespace

std::vector<message> split(std::string_view bytes) {
  std::vector<message> found;
  while (!bytes.empty()) {
    const auto [status, header] = wire::read_header(wire::as_bytes(bytes));
    if (status != wire::header_status::complete || header.size() > bytes.size())
      throw std::logic_error("not a whole message: " + std::string(bytes));
    found.push_back({header.type, std::string(bytes.substr(wire::header_size, header.body))});
    bytes.remove_prefix(header.size());
  }
  return found;
}

std::string readable(std::string_view bytes) {
  std::string text;
  for (const auto& one : split(bytes)) {
    text += one.type;
    text += ' ';
    for (const char c : one.body) text += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '.';
    text += '\n';
  }
  return text;
}

namespace from_client {

namespace type = wire::frontend;

std::string parse(std::string_view name, std::string_view text, const std::vector<std::uint32_t>& types) {
  std::string made;
  wire::writer out{made};
  out.begin(type::parse).c_string(name).c_string(text).u16(static_cast<std::uint16_t>(types.size()));
  for (const auto one : types) out.u32(one);
  out.end();
  return made;
}

std::string bind_statement(std::string_view portal, std::string_view statement, std::string_view parameter) {
  std::string made;
  wire::writer out{made};
  out.begin(type::bind).c_string(portal).c_string(statement).u16(0).u16(parameter.empty() ? 0 : 1);
  if (!parameter.empty()) out.u32(static_cast<std::uint32_t>(parameter.size())).raw(parameter);
  out.u16(0).end();
  return made;
}

std::string describe_statement(std::string_view name) {
  std::string made;
  wire::append_describe(made, 'S', name);
  return made;
}
std::string describe_portal(std::string_view name) {
  std::string made;
  wire::append_describe(made, 'P', name);
  return made;
}
std::string close_statement(std::string_view name) {
  std::string made;
  wire::append_close(made, 'S', name);
  return made;
}
std::string close_portal(std::string_view name) {
  std::string made;
  wire::append_close(made, 'P', name);
  return made;
}
std::string execute(std::string_view portal, std::uint32_t max_rows) {
  std::string made;
  wire::writer{made}.begin(type::execute).c_string(portal).u32(max_rows).end();
  return made;
}
std::string query(std::string_view text) {
  std::string made;
  wire::append_query(made, text);
  return made;
}
std::string function_call() {
  std::string made;
  wire::writer{made}.begin(type::function_call).u32(1598).u16(0).u16(0).u16(0).end();
  return made;
}
std::string copy_data(std::string_view line) { return bare(type::copy_data, line); }
std::string copy_done() { return bare(type::copy_done); }
std::string copy_fail() { return bare(type::copy_fail, std::string_view("why\0", 4)); }
std::string flush() { return bare(type::flush); }
std::string sync() { return bare(type::sync); }
std::string terminate() { return bare(type::terminate); }

}  // namespace from_client

namespace from_server {

namespace type = wire::backend;

std::string parse_complete() { return bare(type::parse_complete); }
std::string bind_complete() { return bare(type::bind_complete); }
std::string close_complete() { return bare(type::close_complete); }
std::string no_data() { return bare(type::no_data); }
std::string parameter_description() { return bare(type::parameter_description, std::string_view("\0\0", 2)); }

std::string row_description(std::string_view column) {
  std::string made;
  wire::writer{made}
      .begin(type::row_description)
      .u16(1)
      .c_string(column)
      .u32(0)
      .u16(0)
      .u32(25)
      .u16(0)
      .u32(0)
      .u16(0)
      .end();
  return made;
}
std::string data_row(std::string_view value) {
  std::string made;
  wire::writer{made}
      .begin(type::data_row)
      .u16(1)
      .u32(static_cast<std::uint32_t>(value.size()))
      .raw(value)
      .end();
  return made;
}
std::string complete(std::string_view tag) {
  std::string made;
  wire::writer{made}.begin(type::command_complete).c_string(tag).end();
  return made;
}
std::string empty_query() { return bare(type::empty_query_response); }
std::string portal_suspended() { return bare(type::portal_suspended); }
std::string function_result() { return bare(type::function_call_response, std::string_view("\0\0\0\1x", 5)); }
std::string copy_in() { return bare(type::copy_in_response, std::string_view("\0\0\0", 3)); }
std::string copy_out() { return bare(type::copy_out_response, std::string_view("\0\0\0", 3)); }
std::string copy_data(std::string_view line) { return bare(type::copy_data, line); }
std::string copy_done() { return bare(type::copy_done); }

std::string error(std::string_view sqlstate, std::string_view text, std::string_view routine,
                  std::string_view severity) {
  std::string made;
  wire::writer out{made};
  out.begin(type::error_response);
  out.u8('S').c_string(severity).u8('V').c_string(severity).u8('C').c_string(sqlstate).u8('M').c_string(text);
  if (!routine.empty()) out.u8('R').c_string(routine);
  out.u8(0).end();
  return made;
}
std::string notice(std::string_view text) {
  std::string made;
  wire::writer{made}
      .begin(type::notice_response)
      .u8('S')
      .c_string("NOTICE")
      .u8('M')
      .c_string(text)
      .u8(0)
      .end();
  return made;
}
std::string parameter_status(std::string_view name, std::string_view value) {
  std::string made;
  wire::writer{made}.begin(type::parameter_status).c_string(name).c_string(value).end();
  return made;
}
std::string notification(std::string_view channel) {
  std::string made;
  wire::writer{made}.begin(type::notification_response).u32(7).c_string(channel).c_string("").end();
  return made;
}
std::string ready(char transaction) { return bare(type::ready_for_query, {&transaction, 1}); }

}  // namespace from_server

}  // namespace pgweir::test
