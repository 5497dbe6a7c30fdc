// The part of the request relay that keeps apart what clients have taken from sequences: see
// sequence_values.hpp.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::core {
namespace {

constexpr std::string_view discard = "DISCARD SEQUENCES";

}  // namespace

// Others' values have to go before the client sees them; and before its own are among them, where clients
// look.
bool request_relay::must_discard_sequences(const wire::sql_bonds& run) const {
  return backend_.sequences == sequence_values::of_others && !rules_.on_lane &&
         (run.reads_sequence || (run.takes_value && rules_.reads_sequences));
}

// Who has taken nothing gets the same error from any backend: what it asks says nothing of the pool's habits.
void request_relay::note_sequences(const wire::sql_bonds& run) {
  client_.has_taken_value = client_.has_taken_value || run.takes_value;
  if (run.reads_sequence && client_.has_taken_value) {
    ++backend_.counts.sequence_reads;
    const bool late = backend_.sequences != sequence_values::of_client && !run.takes_value;
    if (late) ++backend_.counts.late_sequence_reads;
  }
  if (run.takes_value) backend_.sequences = sequence_values::of_client;
}

// For a simple Query. False: it has to wait for what is under way, as it may take values, or fail.
bool request_relay::sequences_fit(const wire::sql_bonds& run) {
  const bool may_wait = !backend_.unit.begun && !backend_.awaits_copy_data();
  if (may_wait && must_discard_sequences(run)) {
    if (!backend_.expected.empty()) return false;
    if (backend_.transaction != 'E') {
      ask(discard);
      backend_.sequences = sequence_values::none;
    }
  }
  note_sequences(run);
  return true;
}

// For a Bind, in the midst of its unit: by a statement and a portal that no client can name. Where the server
// refuses it (in a failed transaction), it would refuse the Bind, too.
void request_relay::fit_sequences(const wire::sql_bonds& run) {
  if (must_discard_sequences(run)) {
    discard_sequences();
    backend_.sequences = sequence_values::none;
  }
  note_sequences(run);
}

void request_relay::discard_sequences() {
  const auto name = spare_name();
  const auto push = [this](request what, bookkeeping then = bookkeeping::none) {
    backend_.expected.push({.request = what, .how = handling::swallow, .then = then});
  };
  std::string text(discard);
  text.append(3, '\0');
  built_.clear();
  wire::append_close(built_, 'S', name);
  push(request::close);
  wire::append_parse(built_, name, wire::as_bytes(text));
  push(request::parse);
  wire::writer{built_}.begin(wire::frontend::bind).c_string(name).c_string(name).u16(0).u16(0).u16(0).end();
  push(request::bind);
  wire::writer{built_}.begin(wire::frontend::execute).c_string(name).u32(0).end();
  push(request::execute, bookkeeping::discards_sequences);
  wire::append_close(built_, 'P', name);
  push(request::close);
  wire::append_close(built_, 'S', name);
  push(request::close);
  inject(built_);
  backend_.unit.is_kept = false;
}

}  // namespace pgweir::core
