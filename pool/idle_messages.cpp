#include "pool/idle_messages.hpp"

#include "proxy/wire/error_response.hpp"
#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"

namespace pgweir::pool {
namespace {

// No message that is allowed while idle comes near this size.
constexpr std::size_t most_bytes = 32 * 1024;

idle_verdict unusable(idle_verdict so_far, std::string reason) {
  so_far.usable = false;
  so_far.reason = std::move(reason);
  return so_far;
}

}  // namespace

idle_verdict read_idle_messages(wire::bytes_view arrived) {
  idle_verdict verdict;
  for (;;) {
    const auto rest = arrived.subspan(verdict.taken);
    const auto [status, header] = wire::read_header(rest);
    if (status == wire::header_status::malformed ||
        (status == wire::header_status::complete && header.body > most_bytes))
      return unusable(std::move(verdict), "the server sent something that is no message");
    if (status == wire::header_status::incomplete || rest.size() < header.size()) return verdict;
    const auto body = rest.subspan(wire::header_size, header.body);
    verdict.taken += header.size();
    if (header.type == wire::backend::parameter_status) {
      wire::cursor fields{body};
      const auto name = fields.c_string();
      const auto value = fields.c_string();
      if (fields.ok()) verdict.parameters.emplace_back(name, value);
    } else if (header.type == wire::backend::error_response) {
      verdict.sqlstate = wire::find_error_field(body, 'C');
      return unusable(std::move(verdict), std::string(wire::find_error_field(body, 'M')));
    } else if (header.type != wire::backend::notice_response) {
      verdict.unexpected = header.type;
      return unusable(std::move(verdict), std::string("unexpected message of type '") + header.type + "'");
    }
  }
}

}  // namespace pgweir::pool
