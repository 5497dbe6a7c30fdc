#include "proxy/wire/answer.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"

namespace pgweir::wire {
namespace {

bool answers_execute(char type) {
  return type == backend::command_complete || type == backend::empty_query_response ||
         type == backend::portal_suspended;
}

}  // namespace

answer_extent measure_answer(bytes_view arrived) {
  answer_extent found;
  for (std::size_t at = 0;;) {
    const auto rest = arrived.subspan(at);
    const auto [status, header] = read_header(rest);
    found.malformed = status == header_status::malformed;
    if (status != header_status::complete || header.size() > rest.size()) return found;
    if (header.type == backend::error_response && found.error.empty())
      found.error = rest.subspan(header_size, header.body);
    if (found.error.empty() && answers_execute(header.type)) ++found.executed;
    at += header.size();
    if (header.type != backend::ready_for_query) continue;
    if (header.body == 1) found.transaction = static_cast<char>(rest[header_size]);
    found.size = at;
    return found;
  }
}

}  // namespace pgweir::wire
