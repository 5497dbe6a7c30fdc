// The part of the response relay that compares descriptions of rows, see request_shape.cpp.
#include "proxy/core/response_relay.hpp"
#include "proxy/core/undo.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/row_shape.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::core {

std::uint64_t response_relay::shape_of(const wire::frame_header& header) const {
  if (header.type == wire::backend::no_data) return wire::no_rows;
  if (!is_whole(header)) return 0;
  return wire::row_shape(stream_.rest().subspan(wire::header_size, header.body));
}

// Of the head, which is about a statement. Whether the client knows other rows.
bool response_relay::shape_differs(std::uint64_t shape) {
  const auto& head = backend_.expected.front();
  if (head.statement == 0 || shape == 0) return false;
  backend_.prepared.note_shape(head.statement, shape);
  if (head.then != bookkeeping::checks_shape) {
    client_.statements.note_shape(head.serial, shape);
    return false;
  }
  const auto* known = client_.statements.find_defined(head.serial);
  return known != nullptr && known->shape != 0 && known->shape != shape;
}

// Of the Bind at the head: the client was told of other rows than this backend's statement is known to have.
// PostgreSQL, which would have kept what it parsed for this client, says so before it looks at formats.
bool response_relay::knows_other_rows() const {
  const auto& head = backend_.expected.front();
  const auto* known = head.request == request::bind ? client_.statements.find_defined(head.serial) : nullptr;
  return known != nullptr && known->shape != 0 && backend_.prepared.shape(known->made->id) != known->shape;
}

// In the server's place. To the client the rest of its unit has not been done.
void response_relay::refuse_other_rows() {
  auto& expected = backend_.expected;
  std::size_t sync = 0;
  for (; sync < expected.size() && expected.at(sync).request != request::sync; ++sync) {
    auto& one = expected.at(sync);
    if (one.how == handling::swallow) continue;
    undo_names(client_, one, false);
    one.then = bookkeeping::was_refused;
    if (one.how == handling::forward) one.how = handling::swallow;
  }
  if (sync == expected.size()) backend_.skips_until_sync = true;
  expected.remove_if([place = std::size_t{0}, sync](const expected_response& one) mutable {
    return place++ < sync && one.how == handling::synthesise;
  });
  backend_.unnamed = unnamed_holder::unknown();
  backend_.unit.is_kept = false;
  say_other_rows();
}

// In the server's words.
void response_relay::say_other_rows() {
  built_.clear();
  // Drivers know it by its routine.
  wire::writer{built_}
      .begin(wire::backend::error_response)
      .u8('S')
      .c_string("ERROR")
      .u8('V')
      .c_string("ERROR")
      .u8('C')
      .c_string("0A000")
      .u8('M')
      .c_string("cached plan must not change result type")
      .u8('R')
      .c_string("RevalidateCachedQuery")
      .u8(0)
      .end();
  stream_.put(wire::as_bytes(built_));
  answered_ = true;
}

}  // namespace pgweir::core
