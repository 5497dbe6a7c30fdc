#include "proxy/wire/response.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::wire {

void append_authentication_ok(std::string& out) { writer{out}.begin(backend::authentication).u32(0).end(); }

void append_parameter_status(std::string& out, std::string_view name, std::string_view value) {
  writer{out}.begin(backend::parameter_status).c_string(name).c_string(value).end();
}

void append_backend_key_data(std::string& out, int process_id, int secret) {
  writer{out}
      .begin(backend::backend_key_data)
      .u32(static_cast<std::uint32_t>(process_id))
      .u32(static_cast<std::uint32_t>(secret))
      .end();
}

void append_ready_for_query(std::string& out, char transaction_state) {
  writer{out}.begin(backend::ready_for_query).u8(static_cast<std::uint8_t>(transaction_state)).end();
}

void append_parse_complete(std::string& out) { writer{out}.begin(backend::parse_complete).end(); }

void append_bind_complete(std::string& out) { writer{out}.begin(backend::bind_complete).end(); }

void append_parameter_description(std::string& out) {
  writer{out}.begin(backend::parameter_description).u16(0).end();
}

void append_no_data(std::string& out) { writer{out}.begin(backend::no_data).end(); }

void append_command_complete(std::string& out, std::string_view tag) {
  writer{out}.begin(backend::command_complete).c_string(tag).end();
}

}  // namespace pgweir::wire
