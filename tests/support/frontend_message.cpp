#include "tests/support/frontend_message.hpp"

#include "proxy/wire/startup.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::test::frontend {
namespace {

void append_values(wire::writer& out, const std::vector<optional_text>& values) {
  out.u16(static_cast<std::uint16_t>(values.size()));
  for (const auto& value : values) {
    if (value)
      out.u32(static_cast<std::uint32_t>(value->size())).raw(*value);
    else
      out.u32(0xffffffffu);
  }
}

std::string target(char type, char kind, std::string_view name) {
  std::string bytes;
  wire::writer(bytes).begin(type).u8(static_cast<std::uint8_t>(kind)).c_string(name).end();
  return bytes;
}

std::string untyped(std::uint32_t code) {
  std::string bytes;
  wire::writer(bytes).begin_untyped().u32(code).end();
  return bytes;
}

}  // namespace

std::string message(char type, std::string_view body) {
  std::string bytes;
  wire::writer(bytes).begin(type).raw(body).end();
  return bytes;
}

std::string startup(const parameters& given, std::uint32_t version) {
  std::string bytes;
  wire::writer out{bytes};
  out.begin_untyped().u32(version);
  for (const auto& [name, value] : given) out.c_string(name).c_string(value);
  out.u8(0).end();
  return bytes;
}

std::string ssl_request() { return untyped(wire::ssl_request_code); }
std::string gssenc_request() { return untyped(wire::gssenc_request_code); }

std::string cancel_request(std::uint32_t process_id, std::string_view key) {
  std::string bytes;
  wire::writer(bytes).begin_untyped().u32(wire::cancel_request_code).u32(process_id).raw(key).end();
  return bytes;
}

std::string query(std::string_view sql) {
  std::string bytes;
  wire::writer(bytes).begin('Q').c_string(sql).end();
  return bytes;
}

std::string parse(std::string_view name, std::string_view sql, const std::vector<std::uint32_t>& types) {
  std::string bytes;
  wire::writer out{bytes};
  out.begin('P').c_string(name).c_string(sql).u16(static_cast<std::uint16_t>(types.size()));
  for (const auto type : types) out.u32(type);
  out.end();
  return bytes;
}

std::string bind(std::string_view portal, std::string_view statement,
                 const std::vector<optional_text>& values) {
  std::string bytes;
  wire::writer out{bytes};
  out.begin('B').c_string(portal).c_string(statement).u16(0);
  append_values(out, values);
  out.u16(0).end();
  return bytes;
}

std::string describe_statement(std::string_view name) { return target('D', 'S', name); }
std::string describe_portal(std::string_view name) { return target('D', 'P', name); }
std::string close_statement(std::string_view name) { return target('C', 'S', name); }
std::string close_portal(std::string_view name) { return target('C', 'P', name); }

std::string execute(std::string_view portal, std::uint32_t row_limit) {
  std::string bytes;
  wire::writer(bytes).begin('E').c_string(portal).u32(row_limit).end();
  return bytes;
}

std::string flush() { return message('H'); }
std::string sync() { return message('S'); }
std::string copy_data(std::string_view data) { return message('d', data); }
std::string copy_done() { return message('c'); }
std::string copy_fail(std::string_view reason) { return message('f', std::string(reason) + '\0'); }

std::string function_call(std::uint32_t function, const std::vector<optional_text>& arguments) {
  std::string bytes;
  wire::writer out{bytes};
  out.begin('F').u32(function).u16(0);
  append_values(out, arguments);
  out.u16(0).end();
  return bytes;
}

std::string password(std::string_view text) { return message('p', std::string(text) + '\0'); }
std::string terminate() { return message('X'); }

}  // namespace pgweir::test::frontend
