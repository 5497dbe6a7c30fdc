#include "proxy/wire/error_response.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::wire {

namespace {

void append_field(writer& out, char code, std::string_view value) {
  if (value.empty()) return;
  out.u8(static_cast<std::uint8_t>(code)).c_string(value.substr(0, value.find('\0')));
}

void append_fields(std::string& to, char type, const error_fields& fields) {
  writer out(to);
  out.begin(type);
  append_field(out, 'S', fields.severity);
  append_field(out, 'V', fields.severity);
  append_field(out, 'C', fields.sqlstate);
  append_field(out, 'M', fields.message);
  append_field(out, 'D', fields.detail);
  append_field(out, 'H', fields.hint);
  out.u8(0).end();
}

}  // namespace

void append_error(std::string& out, const error_fields& fields) {
  append_fields(out, backend::error_response, fields);
}

void append_notice(std::string& out, const error_fields& fields) {
  append_fields(out, backend::notice_response, fields);
}

std::string_view find_error_field(bytes_view body, char code) {
  auto rest = as_text(body);
  while (!rest.empty() && rest.front() != '\0') {
    const char found = rest.front();
    rest.remove_prefix(1);
    const auto value = rest.substr(0, rest.find('\0'));
    if (found == code) return value;
    rest.remove_prefix(value.size() < rest.size() ? value.size() + 1 : value.size());
  }
  return {};
}

error_fields parse_error(bytes_view body) {
  const auto severity = find_error_field(body, 'V');
  return {.severity = std::string(severity.empty() ? find_error_field(body, 'S') : severity),
          .sqlstate = std::string(find_error_field(body, 'C')),
          .message = std::string(find_error_field(body, 'M')),
          .detail = std::string(find_error_field(body, 'D')),
          .hint = std::string(find_error_field(body, 'H'))};
}

}  // namespace pgweir::wire
