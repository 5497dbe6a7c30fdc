#include "proxy/core/lane_queue.hpp"

#include "proxy/wire/request.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {

bool lane_queue::join(lane_rider& who, wire::bytes_view unit, std::chrono::nanoseconds expected,
                      const relay_rules& rules, wire::sink& to_server) {
  if (!rules.withholds_sync && open_ > 0) end_batch(to_server);
  const auto first_name = who.state().statements.next_serial();
  request_relay relay{who.state(), backend_, rules, to_server, who.answers()};
  const auto step = relay.run(unit);
  units_.push({.rider = &who,
               .expected = expected,
               .first_name = first_name,
               .is_blind = backend_.unit.is_blind,
               .takes_over = backend_.unit.stands_in || backend_.unit.answers_parse,
               .is_translated = backend_.unit.is_translated,
               .ends_batch = !rules.withholds_sync});
  if (rules.withholds_sync)
    ++open_;
  else if (units_.size() == 1)
    begin_turn();
  return step.consumed == unit.size();
}

void lane_queue::end_batch(wire::sink& to_server) {
  auto& last = backend_.expected.at(backend_.expected.size() - 1);
  last.how = handling::forward;
  last.prepared = backend_.prepared.changes().last();
  units_.at(units_.size() - 1).ends_batch = true;
  const bool is_head = std::exchange(open_, 0) == units_.size();
  backend_.scratch.clear();
  wire::append_sync(backend_.scratch);
  to_server.put(wire::as_bytes(backend_.scratch));
  if (is_head) begin_turn();
}

// Units that the server works on together; those that have no Sync yet are none of them.
std::size_t lane_queue::head_batch() const {
  const auto sent = units_.size() - open_;
  std::size_t units = 0;
  while (units < sent && !units_.at(units).ends_batch) ++units;
  return units < sent ? units + 1 : 0;
}

void lane_queue::begin_turn() {
  const auto batch = head_batch();
  for (std::size_t i = 0; i < batch; ++i)
    if (auto* next = units_.at(i).rider; next != nullptr) next->on_turn();
}

bool lane_queue::serves_alone(const lane_rider& who) const {
  return !units_.empty() && head() == &who && head_batch() == 1;
}

lane_step lane_queue::on_bytes(wire::bytes_view arrived) {
  std::size_t used = 0;
  while (!units_.empty() && used < arrived.size()) {
    auto range = arrived.subspan(used);
    // Something that nobody asked for may come while all units are still to be sent.
    auto batch = streams_ ? 1 : std::max<std::size_t>(1, head_batch());
    std::optional<resend_reason> resend;
    if (!streams_) {
      const auto answer = wire::measure_answer(range);
      if (answer.malformed) return {used, lane_step::outcome::violation, "invalid message length"};
      // Whom a cancel request may have hit has to be sent again.
      const bool several = was_canceled_ || batch > 1;
      const bool is_held = range.size() < (several ? largest_held_for_several : largest_held_answer);
      if (batch > 1 && (!answer.error.empty() || (answer.size == 0 && !is_held))) {
        dissolve_head(resend_reason::batch_failed, unit_of(answer));
        batch = 1;
      }
      if (!answer.error.empty()) resend = reason_to_resend(answer.error);
      if (answer.size == 0 && (resend || is_held)) break;
      streams_ = answer.size == 0;
      if (answer.transaction != 'I') return {used, lane_step::outcome::transaction_open};
      if (!streams_) range = range.first(answer.size);
    }
    const auto step = relay_batch(range, batch, resend);
    used += step.consumed;
    if (step.what != lane_step::outcome::done) return {used, step.what, step.violation};
    if (streams_) break;
  }
  return {used};
}

// Their answers stand one behind the other; only the last one's ReadyForQuery is the server's own.
lane_step lane_queue::relay_batch(wire::bytes_view range, std::size_t batch,
                                  std::optional<resend_reason> resend) {
  std::size_t used = 0;
  bool answered = true;
  ++batches_;
  for (std::size_t i = 0; i < batch && answered; ++i) {
    const auto step = relay_answer(range.subspan(used), resend, answered);
    used += step.consumed;
    if (step.what != lane_step::outcome::done) return {used, step.what, step.violation};
    answer_.batch = batch;
    answer_.batch_number = batches_;
    if (answered) finish_head(resend);
  }
  return {used};
}

lane_step lane_queue::relay_answer(wire::bytes_view range, std::optional<resend_reason> resend,
                                   bool& answered) {
  answered = false;
  auto* rider = units_.front().rider;
  auto& client = rider != nullptr ? rider->state() : nobody_;
  wire::sink& sink = rider != nullptr && !resend ? rider->answers() : nowhere_;
  response_relay relay{client, backend_, statement_prefix_, sink, backend_use::shared};
  const auto step = relay.run(range);
  answer_.bytes += step.consumed;
  if (relay.error().sqlstate[0] != '\0') answer_.error = relay.error();
  answer_.noticed = answer_.noticed || relay.noticed();
  if (step.what == response_outcome::violation)
    return {step.consumed, lane_step::outcome::violation, step.violation};
  answered = step.what == response_outcome::unit_done;
  if (answered && backend_.transaction != 'I') return {step.consumed, lane_step::outcome::transaction_open};
  return {step.consumed};
}

lane_queue::queued lane_queue::pop() {
  ++departures_.units;
  departures_.expected += units_.front().expected;
  return units_.pop();
}

// The next one becomes the head before its predecessor's client is told: that one may send anew at once.
void lane_queue::finish_head(std::optional<resend_reason> resend) {
  auto done = pop();
  const auto answer = std::exchange(answer_, {});
  streams_ = false;
  if (units_.empty())
    was_canceled_ = false;
  else if (done.ends_batch)
    begin_turn();
  if (done.rider == nullptr) return;
  if (resend)
    send_again(done, *resend);
  else
    done.rider->on_answered(answer);
}

// Names given by what the server did of it go, too: the unit gives them again.
void lane_queue::send_again(queued& gone, resend_reason why) {
  gone.rider->state().statements.undo_defines_from(gone.first_name);
  gone.rider->on_resend(why);
}

}  // namespace pgweir::core
