#include "proxy/wire/request.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::wire {

std::optional<parse_view> read_parse(bytes_view body) {
  cursor in{body};
  parse_view view;
  view.name = in.c_string();
  view.text_and_types = in.rest();
  view.text = in.c_string();
  in.take(std::size_t{in.u16()} * 4);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return view;
}

std::optional<bind_names> read_bind_names(bytes_view start_of_body) {
  cursor in{start_of_body};
  bind_names names;
  names.portal = in.c_string();
  names.statement = in.c_string();
  names.size = start_of_body.size() - in.rest().size();
  if (!in.ok()) return std::nullopt;
  return names;
}

std::optional<target_view> read_target(bytes_view body) {
  cursor in{body};
  target_view view;
  view.kind = static_cast<char>(in.u8());
  view.name = in.c_string();
  if (!in.ok() || !in.at_end() || (view.kind != 'S' && view.kind != 'P')) return std::nullopt;
  return view;
}

void append_parse(std::string& out, std::string_view name, bytes_view text_and_types) {
  writer{out}.begin(frontend::parse).c_string(name).raw(text_and_types).end();
}

void append_parse_untyped(std::string& out, std::string_view name, bytes_view text) {
  writer{out}.begin(frontend::parse).c_string(name).raw(text).u16(0).end();
}

void append_bind(std::string& out, std::string_view statement, std::span<const std::string_view> values) {
  writer message{out};
  message.begin(frontend::bind).c_string("").c_string(statement).u16(0);
  message.u16(static_cast<std::uint16_t>(values.size()));
  for (const auto value : values) message.u32(static_cast<std::uint32_t>(value.size())).raw(value);
  message.u16(0).end();
}

void append_describe(std::string& out, char kind, std::string_view name) {
  writer{out}.begin(frontend::describe).u8(static_cast<std::uint8_t>(kind)).c_string(name).end();
}

void append_execute(std::string& out, std::string_view portal) {
  writer{out}.begin(frontend::execute).c_string(portal).u32(0).end();
}

void append_sync(std::string& out) { writer{out}.begin(frontend::sync).end(); }
void append_flush(std::string& out) { writer{out}.begin(frontend::flush).end(); }

void append_close(std::string& out, char kind, std::string_view name) {
  writer{out}.begin(frontend::close).u8(static_cast<std::uint8_t>(kind)).c_string(name).end();
}

void append_query(std::string& out, std::string_view text) {
  writer{out}.begin(frontend::query).c_string(text).end();
}

}  // namespace pgweir::wire
