#include "proxy/core/response_relay.hpp"

#include "proxy/core/command_tag.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/response.hpp"

#include <algorithm>

namespace pgweir::core {
namespace {

namespace backend = wire::backend;

bool is_asynchronous(char type) {
  return type == backend::notice_response || type == backend::parameter_status ||
         type == backend::notification_response;
}

}  // namespace

response_step response_relay::run(wire::bytes_view bytes) {
  const auto total = bytes.size();
  stream_.begin(bytes);
  answered_ = false;
  auto outcome = response_outcome::need_more;
  if (backend_.rest.how == passing::none) synthesise_due();
  for (;;) {
    if (end_withheld_unit()) {
      outcome = response_outcome::unit_done;
      break;
    }
    if (stream_.rest().empty()) break;
    answered_ = answered_ || backend_.rest.how == passing::forward;
    if (stream_.continue_message(backend_.rest)) {
      if (backend_.rest.how == passing::none) synthesise_due();
      continue;
    }
    const auto [status, header] = wire::read_header(stream_.rest());
    if (status == wire::header_status::incomplete) break;
    auto done = verdict::violation;
    if (status == wire::header_status::malformed)
      violation_ = "invalid message length";
    else
      done = one_message(header);
    if (done == verdict::done) continue;
    if (done == verdict::unit_done) outcome = response_outcome::unit_done;
    if (done == verdict::replay) outcome = response_outcome::replay;
    if (done == verdict::resync) outcome = response_outcome::resync;
    if (done == verdict::violation) outcome = response_outcome::violation;
    break;
  }
  stream_.flush();
  return {total - stream_.rest().size(), outcome, answered_, violation_};
}

response_relay::verdict response_relay::one_message(const wire::frame_header& header) {
  switch (header.type) {
    case backend::data_row:
    case backend::copy_data:
      return stream(header);
    case backend::parse_complete:
      return parsed(header);
    case backend::bind_complete:
      return completes(request::bind, header);
    case backend::close_complete:
      return closed(header);
    case backend::row_description:
    case backend::no_data:
      return described(header);
    case backend::command_complete:
      return command_complete(header);
    case backend::empty_query_response:
    case backend::portal_suspended:
      return head_is(request::execute) ? completes(request::execute, header) : stream(header);
    case backend::ready_for_query:
      return ready(header);
    case backend::error_response:
      return error_response(header);
    case backend::copy_in_response:
      return copy_in_started(header);
    case backend::copy_both_response:
      backend_.copy_both = true;
      return stream(header);
    case backend::notification_response:
      return notification(header);
    case backend::parameter_status:
      return parameter_status(header);
    default:
      return stream(header);
  }
}

response_relay::verdict response_relay::notification(const wire::frame_header& header) {
  if (client_.notified == nullptr || header.size() > whole_message_limit) return stream(header);
  if (!is_whole(header)) return verdict::need_more;
  const auto said = wire::read_notification(stream_.rest().subspan(wire::header_size, header.body));
  if (!said) return stream(header);
  auto told = *said;
  const bool admitted = client_.notified->admit(told);
  told.process_id = client_.itself.name_of(told.process_id);
  if (admitted && told.process_id == said->process_id) return stream(header);
  built_.clear();
  if (admitted) wire::append_notification(built_, told);
  take(header, handling::swallow);
  if (admitted) stream_.put(wire::as_bytes(built_));
  return verdict::done;
}

response_relay::verdict response_relay::parameter_status(const wire::frame_header& header) {
  const bool is_looked_at = client_.names == naming::untouched && head_handling() == handling::forward;
  if (!is_looked_at || header.size() > whole_message_limit) return stream(header);
  if (!is_whole(header)) return verdict::need_more;
  wire::cursor body{stream_.rest().subspan(wire::header_size, header.body)};
  if (body.c_string() == "application_name") backend_.told_name = body.c_string();
  return stream(header);
}

// Content, and whatever may come at any moment.
response_relay::verdict response_relay::stream(const wire::frame_header& header) {
  if (header.type == backend::data_row && is_probed()) return note_state(header);
  const bool is_for_client =
      header.type == backend::notification_response ||
      (header.type == backend::notice_response && head_then() == bookkeeping::of_query);
  const bool swallowed = head_handling() == handling::swallow && !is_for_client;
  take(header, swallowed ? handling::swallow : handling::forward);
  if (!swallowed && !is_asynchronous(header.type)) backend_.unit.is_kept = false;
  noticed_ = noticed_ || (header.type == backend::notice_response && !swallowed);
  return verdict::done;
}

bookkeeping response_relay::head_then() const {
  return backend_.expected.empty() ? bookkeeping::none : backend_.expected.front().then;
}

response_relay::verdict response_relay::note_state(const wire::frame_header& header) {
  if (header.size() <= whole_message_limit && !is_whole(header)) return verdict::need_more;
  const bool is_row =
      is_whole(header) && backend_.findings.add_row(stream_.rest().subspan(wire::header_size, header.body));
  if (!is_row) backend_.findings.failed = true;
  take(header, handling::swallow);
  return verdict::done;
}

response_relay::verdict response_relay::completes(core::request expected, const wire::frame_header& header) {
  if (!head_is(expected)) {
    if (backend_.lost_count) return stream(header);
    violation_ = "an answer came that no message asked for";
    return verdict::violation;
  }
  const auto how = backend_.expected.front().how;
  if (how == handling::forward && expected != request::execute) ++backend_.unit.acknowledged;
  if (how == handling::forward && expected == request::execute) backend_.unit.is_kept = false;
  if (backend_.expected.front().then == bookkeeping::opens_transaction) {
    client_.deferred.end();
    backend_.transaction = 'T';
    backend_.unit.is_kept = false;
  }
  take(header, how);
  backend_.expected.pop();
  if (backend_.rest.how == passing::none) synthesise_due();
  return verdict::done;
}

response_relay::verdict response_relay::parsed(const wire::frame_header& header) {
  if (head_is(request::parse) && backend_.expected.front().then == bookkeeping::sets_unnamed)
    client_.unnamed.confirm(backend_.expected.front().serial, backend_.spare);
  return completes(request::parse, header);
}

response_relay::verdict response_relay::closed(const wire::frame_header& header) {
  if (head_is(request::close)) {
    const auto& head = backend_.expected.front();
    if (head.then == bookkeeping::unnames_statement) client_.statements.confirm_close(head.serial);
    if (head.then == bookkeeping::drops_unnamed) client_.unnamed.confirm(head.serial, backend_.spare);
    if (head.then == bookkeeping::evicts_statement) backend_.prepared.confirm_removal(head.prepared);
    if (head.then == bookkeeping::takes_names) note_names_taken(head.serial);
  }
  return completes(request::close, header);
}

response_relay::verdict response_relay::described(const wire::frame_header& header) {
  if (!head_is(request::describe_statement) && !head_is(request::describe_portal)) return stream(header);
  if (header.size() <= whole_message_limit && !is_whole(header)) return verdict::need_more;
  const bool is_unsaid = header.type == backend::no_data && head_then() == bookkeeping::of_query;
  const auto how = is_unsaid ? handling::swallow : backend_.expected.front().how;
  const bool is_refused = shape_differs(shape_of(header));
  backend_.expected.pop();
  if (how == handling::forward) backend_.unit.is_kept = false;
  take(header, how);
  if (is_refused) refuse_other_rows();
  if (backend_.rest.how == passing::none) synthesise_due();
  return verdict::done;
}

response_relay::verdict response_relay::copy_in_started(const wire::frame_header& header) {
  if (!head_is(request::execute) && !head_is(request::query)) {
    if (backend_.lost_count) return stream(header);
    violation_ = "CopyInResponse came where no query runs";
    return verdict::violation;
  }
  // While it takes data the server ignores Sync (libpq and others send one right behind the Execute).
  auto& expected = backend_.expected;
  backend_.copy_in = true;
  backend_.copy_end_sent = false;
  for (std::size_t i = 1; i < expected.size() && !backend_.copy_end_sent; ++i) {
    backend_.copy_end_sent = expected.at(i).request == request::copy_end;
    if (expected.at(i).request == request::sync) expected.at(i).then = bookkeeping::ignored_in_copy;
  }
  return stream(header);
}

void response_relay::finish_copy(bool count_is_lost) {
  const auto ignored = [](const expected_response& one) { return one.then == bookkeeping::ignored_in_copy; };
  backend_.copy_in = backend_.copy_end_sent = false;
  if (!count_is_lost) {
    backend_.expected.remove_if(ignored);
    return;
  }
  // Whether the server had read that Sync before it failed cannot be told, nor how many answers are still
  // owed.
  for (std::size_t i = 0; i < backend_.expected.size(); ++i)
    if (ignored(backend_.expected.at(i))) backend_.lost_count = true;
}

bool response_relay::head_is(core::request expected) const {
  return !backend_.expected.empty() && backend_.expected.front().request == expected;
}

handling response_relay::head_handling() const {
  return backend_.expected.empty() ? handling::forward : backend_.expected.front().how;
}

void response_relay::take(const wire::frame_header& header, handling how) {
  const auto n = std::min(header.size(), stream_.rest().size());
  const auto passing_on = how == handling::forward ? passing::forward : passing::drop;
  answered_ = answered_ || how == handling::forward;
  stream_.take(n, passing_on);
  if (n < header.size()) backend_.rest = {passing_on, static_cast<std::uint32_t>(header.size() - n)};
}

}  // namespace pgweir::core
