// The part of the response relay that deals with errors: what they end, what is undone, what is sent again,
// and in which names the client is told.
#include "proxy/core/response_relay.hpp"
#include "proxy/core/undo.hpp"
#include "proxy/wire/error_response.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pgweir::core {
namespace {

// Whether a COPY that failed had begun to read: PostgreSQL sets the context "COPY table, line n" up just
// before. What the client sent ahead of its first CopyData has been read then, too.
bool has_read_copy_data(std::string_view context) {
  return context.starts_with("COPY ") || context.find("\nCOPY ") != std::string_view::npos;
}

// A statement of the catalogue is on a backend as it was when some client prepared it. Had PostgreSQL parsed
// the text for this one, it might have chosen other types: so the next who prepares it gets a new one.
void doubt(const statement& failed, bool may_be_old) {
  if (!may_be_old)
    failed.patience.note_mistake();
  else if (failed.patience.is_over())
    failed.retired.store(true, std::memory_order_relaxed);
}

}  // namespace

response_relay::verdict response_relay::error_response(const wire::frame_header& header) {
  if (header.size() <= whole_message_limit && !is_whole(header)) return verdict::need_more;
  const auto body = stream_.rest().subspan(
      wire::header_size, std::min<std::size_t>(header.body, stream_.rest().size() - wire::header_size));
  const server_error said{body};
  const bool fatal = said.severity == "FATAL" || said.severity == "PANIC";
  if (fatal) backend_.fatal = std::string(said.sqlstate) + ": " + std::string(said.message);
  error_.sqlstate = {};
  std::copy_n(said.sqlstate.begin(), std::min<std::size_t>(said.sqlstate.size(), 5), error_.sqlstate.begin());

  if (backend_.copy_in) finish_copy(!has_read_copy_data(wire::find_error_field(body, 'W')));
  if (!fatal)
    if (const auto dealt_with = error_of_own(header, said)) return *dealt_with;
  if (!is_in_batch()) {
    forward_error(header, said.sqlstate);
    return verdict::done;
  }
  const auto invalid = backend_.expected.front().statement;
  const bool is_invalid = invalid != 0 && is_about_validity(said);
  if (is_invalid) backend_.prepared.distrust(invalid);
  if (may_begin_again(said)) return begin_again(header);
  const auto failed = statement_of_head();
  if (failed.what != nullptr && is_from_analysis(said))
    doubt(*failed.what, failed.takes_over || is_out_of_date(said));
  if (can_replay(said, failed)) {
    skip_batch();
    backend_.expected.front().how = handling::swallow;
    backend_.wants_replay = true;
    ++backend_.counts.replanned;
    error_.sqlstate = {};
    take(header, handling::swallow);
    return verdict::done;
  }
  const bool gives_names = !fatal && head_then() == bookkeeping::gives_own_name_in_unit;
  if (gives_names) note_names_refused_in_unit();
  const bool is_cancel = gives_names && std::exchange(client_.is_cancelled, false);
  if (!fatal && ((gives_names && !is_cancel) || head_then() == bookkeeping::refuses)) {
    say_refusal(header);
  } else if (head_then() == bookkeeping::was_refused) {
    take(header, handling::swallow);
  } else if (is_about_columns(said) && knows_other_rows()) {
    take(header, handling::swallow);
    say_other_rows();
  } else {
    forward_error(header, said.sqlstate);
  }
  if (!skip_batch()) backend_.skips_until_sync = true;
  if (!client_.deferred.fail() || !backend_.unit.is_single) return verdict::done;
  backend_.owes_sync = true;
  return verdict::resync;
}

bool response_relay::is_in_batch() const {
  return !backend_.expected.empty() && !ends_in_ready(backend_.expected.front().request);
}

// Of what pgweir itself asked for. Nothing: it is an error of the client's unit.
std::optional<response_relay::verdict> response_relay::error_of_own(const wire::frame_header& header,
                                                                    const server_error& said) {
  const bool takes_names = backend_.own == backend_state::own_exchange::takes_names;
  switch (head_then()) {
    case bookkeeping::probes_state:
    case bookkeeping::changes_channels:
      // The session goes on without it.
      backend_.findings.failed = true;
      break;
    case bookkeeping::fails_transaction:
      error_.sqlstate = {};
      break;
    case bookkeeping::prepares_ahead:
      backend_.prepared.distrust(backend_.expected.front().statement);
      backend_.expected.pop();
      break;
    case bookkeeping::gives_own_name:
      note_name_refused(backend_.expected.front().serial);
      backend_.expected.pop();
      break;
    case bookkeeping::refuses:
      if (is_in_batch()) return std::nullopt;
      say_refusal(header);
      return verdict::done;
    default:
      const bool is_own = !is_in_batch() || (takes_names && !backend_.unit.begun);
      if (!is_own || head_handling() != handling::swallow) return std::nullopt;
      // Whose client has asked for it: its transaction fails, as without pgweir.
      if (takes_names && client_.is_cancelled && !is_in_batch()) break;
      // What another client left behind may still be there.
      backend_.refused = std::string(said.sqlstate) + ": " + std::string(said.message);
      violation_ = "the server refused what would have made its connection fit for this client";
      return verdict::violation;
  }
  take(header, handling::swallow);
  return verdict::done;
}

// A function, in a trigger for one, has dropped the statement by which pgweir begins transactions: nothing of
// the unit has run.
bool response_relay::may_begin_again(const server_error& said) const {
  return client_.deferred.is_sent() && backend_.unit.is_kept && is_about_validity(said);
}

response_relay::verdict response_relay::begin_again(const wire::frame_header& header) {
  client_.deferred.begin_again();
  backend_.prepared.distrust_all();
  const bool sync_is_there = skip_batch();
  backend_.wants_replay = true;
  ++backend_.counts.replanned;
  error_.sqlstate = {};
  take(header, handling::swallow);
  if (sync_is_there) {
    backend_.expected.front().how = handling::swallow;
    return verdict::done;
  }
  backend_.owes_sync = true;
  return verdict::resync;
}

// What the head ran, where the server may refuse it for what has changed since it was parsed: not when it is
// executed, for then its plan has been made.
response_relay::ran_on response_relay::statement_of_head() const {
  const auto& head = backend_.expected.front();
  const bool is_early = head.request == request::bind || head.request == request::describe_statement;
  if (!is_early || head.statement == 0) return {};
  const auto parsed = backend_.prepared.parsed(head.statement);
  if (head.then == bookkeeping::stands_in) {
    const auto* mine = client_.unnamed.current();
    if (mine == nullptr || mine->made == nullptr || mine->made->id != head.statement) return {};
    return {mine->made.get(), parsed <= mine->since, true};
  }
  const auto* known = client_.statements.find_defined(head.serial);
  if (known == nullptr || known->made->id != head.statement) return {};
  return {known->made.get(), parsed <= known->since, known->serial >= backend_.unit.first_name};
}

// The unit may go again if it is alone, outside a transaction, and nothing of it but bare acknowledgements
// has reached the client.
bool response_relay::can_replay(const server_error& said, const ran_on& failed) const {
  const auto& expected = backend_.expected;
  const bool stands_in = expected.front().then == bookkeeping::stands_in;
  const failed_unit unit{.is_blind = backend_.unit.is_blind,
                         .takes_over = stands_in || (failed.takes_over && failed.is_of_unit)};
  return may_resend_on_lease(said, unit) && backend_.unit.is_kept && !client_.in_unit &&
         expected.ready_owed() == 1 && expected.at(expected.size() - 1).request == request::sync;
}

// After an error in an extended-protocol batch nothing is answered up to the Sync. False: it was not sent
// yet.
bool response_relay::skip_batch() {
  auto& expected = backend_.expected;
  std::size_t skipped = 0;
  while (skipped < expected.size() &&
         (expected.at(skipped).request != request::sync || expected.at(skipped).is_withheld_sync()))
    ++skipped;
  const bool sync_is_there = skipped < expected.size();
  for (std::size_t i = skipped; i > 0; --i) {
    undo_names(client_, expected.at(i - 1), i == 1);
    undo_preparing(backend_, expected.at(i - 1));
    if (expected.at(i - 1).then == bookkeeping::discards_sequences)
      backend_.sequences = sequence_values::of_others;
    if (expected.at(i - 1).then == bookkeeping::takes_names) backend_.own = backend_state::own_exchange::none;
  }
  for (; skipped > 0; --skipped) expected.pop();
  backend_.unnamed = unnamed_holder::unknown();
  return sync_is_there;
}

// pgweir made the server fail.
void response_relay::say_refusal(const wire::frame_header& header) {
  take(header, handling::swallow);
  stream_.put(wire::as_bytes(backend_.refusal));
  answered_ = true;
}

// Clients know their statements by their own names.
void response_relay::forward_error(const wire::frame_header& header, std::string_view sqlstate) {
  // 08P01: a Bind with the wrong number of parameters.
  const bool about_names = sqlstate == "42P05" || sqlstate == "26000" || sqlstate == "08P01";
  if (!about_names || !is_whole(header)) return take(header, handling::forward);
  std::string body(wire::as_text(stream_.rest().subspan(wire::header_size, header.body)));
  const auto head = backend_.expected.empty() ? expected_response{} : backend_.expected.front();
  const bool is_unnamed = head.then == bookkeeping::stands_in || head.then == bookkeeping::sets_unnamed;
  for (std::size_t at = 0; (at = body.find(statement_prefix_, at)) != std::string::npos;) {
    std::uint64_t id = 0;
    const auto* digits = body.data() + at + statement_prefix_.size();
    const auto parsed = std::from_chars(digits, body.data() + body.size(), id);
    const bool unnamed = is_unnamed && head.statement == id;
    const auto name = unnamed ? std::string_view{} : client_.statements.name_of(id, head.serial);
    if (parsed.ec != std::errc{} || (name.empty() && !unnamed)) {
      ++at;
      continue;
    }
    body.replace(at, statement_prefix_.size() + static_cast<std::size_t>(parsed.ptr - digits), name);
    at += name.size();
  }
  take(header, handling::swallow);
  built_.assign(1, header.type);
  built_.append(4, '\0');
  built_.append(body);
  wire::store_u32(reinterpret_cast<std::byte*>(built_.data()) + 1,
                  static_cast<std::uint32_t>(body.size() + 4));
  stream_.put(wire::as_bytes(built_));
  answered_ = true;
}

}  // namespace pgweir::core
