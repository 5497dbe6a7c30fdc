// The part of the response relay that ends units, and says what the server was not asked.
#include "proxy/core/response_relay.hpp"
#include "proxy/wire/response.hpp"

namespace pgweir::core {

response_relay::verdict response_relay::ready(const wire::frame_header& header) {
  if (!is_whole(header)) return verdict::need_more;
  auto& expected = backend_.expected;
  const bool owed = !expected.empty() && ends_in_ready(expected.front().request);
  if (header.body != 1 || (!owed && !backend_.lost_count)) {
    violation_ = "ReadyForQuery came where none was owed";
    return verdict::violation;
  }
  const bool is_of_client = owed && expected.front().how == handling::forward;
  if (is_of_client && client_.ending != nullptr && !client_.ending->may_end_unit()) return verdict::need_more;
  backend_.transaction = static_cast<char>(stream_.rest()[wire::header_size]);
  if (backend_.transaction == 'I' && backend_.changes_schema) note_schema_change(false);
  settle_logins();
  backend_.copy_in = backend_.copy_both = backend_.copy_end_sent = false;
  if (!owed) {
    take(header, handling::forward);
    return verdict::unit_done;
  }
  const auto head = expected.front();
  backend_.prepared.changes().settle(head.prepared);
  if (head.unnamed != 0) client_.unnamed.confirm(head.unnamed, backend_.spare);
  if (head.then == bookkeeping::deallocates_one) client_.statements.undo_close(head.serial);
  say_ready(header, head.how);
  expected.pop();
  if (head.then == bookkeeping::probes_state) backend_.own = backend_state::own_exchange::told_state;
  if (head.then == bookkeeping::changes_channels)
    backend_.own = backend_state::own_exchange::channels_changed;
  if (head.then == bookkeeping::adapts) backend_.own = backend_state::own_exchange::none;
  if (head.then == bookkeeping::takes_names) note_names_taken(head.serial);
  if (expected.empty()) backend_.makes = wire::made_relation::none;
  if (head.how == handling::swallow && backend_.wants_replay) return verdict::replay;
  if (use_ == backend_use::alone) synthesise_due();
  return head.how == handling::swallow ? verdict::done : verdict::unit_done;
}

// Of a transaction whose BEGIN has failed the server knows nothing; for the client it is there, and has
// failed.
void response_relay::say_ready(const wire::frame_header& header, handling how) {
  const bool is_failed = client_.deferred.is_failed();
  const bool is_held = client_.holds_ready && backend_.transaction == 'I' && !is_failed;
  if (how == handling::swallow || !is_failed) return take(header, is_held ? handling::swallow : how);
  if (backend_.transaction != 'I') client_.deferred.end();
  take(header, handling::swallow);
  built_.clear();
  wire::append_ready_for_query(built_, 'E');
  stream_.put(wire::as_bytes(built_));
  answered_ = true;
}

// What was not sent to the server because the answer is known is said in its turn.
void response_relay::synthesise_due() {
  auto& expected = backend_.expected;
  while (!expected.empty()) {
    const auto& head = expected.front();
    if (head.request == request::copy_end) {
      expected.pop();
      continue;
    }
    if (head.how != handling::synthesise || head.is_withheld_sync()) return;
    built_.clear();
    wire::append_parse_complete(built_);
    stream_.put(wire::as_bytes(built_));
    ++backend_.unit.acknowledged;
    if (head.then == bookkeeping::sets_unnamed) client_.unnamed.confirm(head.serial, backend_.spare);
    expected.pop();
  }
}

// Its client is told what the Sync that it sent would have been answered.
bool response_relay::end_withheld_unit() {
  auto& expected = backend_.expected;
  const bool is_due =
      backend_.rest.how == passing::none && !expected.empty() && expected.front().is_withheld_sync();
  if (!is_due) return false;
  built_.clear();
  wire::append_ready_for_query(built_, 'I');
  stream_.put(wire::as_bytes(built_));
  answered_ = true;
  if (const auto dropped = expected.front().unnamed; dropped != 0)
    client_.unnamed.confirm(dropped, backend_.spare);
  expected.pop();
  return true;
}

}  // namespace pgweir::core
