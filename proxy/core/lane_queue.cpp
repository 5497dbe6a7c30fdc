#include "proxy/core/lane_queue.hpp"

#include "proxy/core/resend_rules.hpp"
#include "proxy/core/undo.hpp"
#include "proxy/wire/answer.hpp"

#include <utility>

namespace pgweir::core {
namespace {

// What is swallowed belongs to no client.
bool ends_unit(const expected_response& one) {
  return ends_in_ready(one.request) && one.how != handling::swallow;
}

}  // namespace

bool lane_queue::join(lane_rider& who, wire::bytes_view unit, std::chrono::nanoseconds expected,
                      const relay_rules& rules, wire::sink& to_server) {
  const auto first_name = who.state().statements.next_serial();
  request_relay relay{who.state(), backend_, rules, to_server, who.answers()};
  const auto step = relay.run(unit);
  units_.push({.rider = &who,
               .expected = expected,
               .first_name = first_name,
               .is_blind = backend_.unit.is_blind,
               .takes_over = backend_.unit.stands_in || backend_.unit.answers_parse});
  if (units_.size() == 1) who.on_turn();
  return step.consumed == unit.size();
}

lane_step lane_queue::on_bytes(wire::bytes_view arrived) {
  std::size_t used = 0;
  while (!units_.empty() && used < arrived.size()) {
    const auto rest = arrived.subspan(used);
    auto range = rest;
    std::optional<resend_reason> resend;
    if (!streams_) {
      const auto answer = wire::measure_answer(rest);
      if (answer.malformed) return {used, lane_step::outcome::violation, "invalid message length"};
      if (!answer.error.empty()) resend = reason_to_resend(answer.error);
      // Whom a cancel request may have hit has to be sent again.
      const auto held = was_canceled_ ? largest_held_after_cancel : largest_held_answer;
      if (answer.size == 0 && (resend || rest.size() < held)) break;
      streams_ = answer.size == 0;
      if (answer.transaction != 'I') return {used, lane_step::outcome::transaction_open};
      if (!streams_) range = rest.first(answer.size);
    }
    bool answered = false;
    const auto step = relay_answer(range, resend, answered);
    used += step.consumed;
    if (step.what != lane_step::outcome::done) return {used, step.what, step.violation};
    if (answered) finish_head(resend);
    if (!answered && streams_) break;
  }
  return {used};
}

lane_step lane_queue::relay_answer(wire::bytes_view range, std::optional<resend_reason> resend,
                                   bool& answered) {
  auto* rider = units_.front().rider;
  auto& client = rider != nullptr ? rider->state() : nobody_;
  wire::sink& sink = rider != nullptr && !resend ? rider->answers() : nowhere_;
  response_relay relay{client, backend_, statement_prefix_, sink, backend_use::shared};
  const auto step = relay.run(range);
  answer_.bytes += step.consumed;
  if (relay.error().sqlstate[0] != '\0') answer_.error = relay.error();
  if (step.what == response_outcome::violation)
    return {step.consumed, lane_step::outcome::violation, step.violation};
  answered = step.what == response_outcome::unit_done;
  if (answered && backend_.transaction != 'I') return {step.consumed, lane_step::outcome::transaction_open};
  return {step.consumed};
}

// Whether the error says nothing about the unit itself.
std::optional<resend_reason> lane_queue::reason_to_resend(wire::bytes_view error) const {
  const auto& head = units_.front();
  const server_error said{error};
  if (said.sqlstate == "57014" && was_canceled_ && !head.is_canceled)
    return resend_reason::canceled_for_another;
  const failed_unit failed{.is_blind = head.is_blind, .takes_over = head.takes_over};
  if (may_resend_on_lane(said, failed, statement_prefix_)) return resend_reason::statement_missing;
  return std::nullopt;
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
  else if (auto* next = units_.front().rider; next != nullptr)
    next->on_turn();
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

void lane_queue::leave(const lane_rider& who) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (units_.at(i).rider != &who) continue;
    take_back_names(i);
    units_.at(i).rider = nullptr;
  }
}

bool lane_queue::cancel_head() {
  if (backend_.expected.front().is_own_exchange()) return false;
  was_canceled_ = true;
  return !std::exchange(units_.front().is_canceled, true);
}

// Unit i as it was before it was sent, as far as its client is concerned.
void lane_queue::take_back_names(std::size_t i) {
  const auto& expected = backend_.expected;
  std::size_t at = 0;
  for (auto before = i; before > 0 && at < expected.size(); ++at)
    if (ends_unit(expected.at(at))) --before;
  auto end = at;
  while (end < expected.size() && !ends_unit(expected.at(end))) ++end;
  if (end < expected.size()) ++end;
  auto& client = units_.at(i).rider->state();
  for (; end > at; --end) undo_names(client, expected.at(end - 1), false);
}

void lane_queue::take_back_queued() {
  for (std::size_t i = 1; i < units_.size(); ++i) {
    if (units_.at(i).rider == nullptr) continue;
    take_back_names(i);
    auto gone = units_.at(i);
    units_.at(i).rider = nullptr;
    send_again(gone, resend_reason::stalled);
  }
}

// The server works on the head, if on anything. The others cannot have changed anything, so they may go
// again; so may the head, if it has failed already for what it cannot help.
void lane_queue::lose(wire::bytes_view last_words) {
  bool ignored = false;
  std::optional<resend_reason> resend;
  const auto error = wire::measure_answer(last_words).error;
  if (!error.empty() && !units_.empty() && !streams_) {
    resend = reason_to_resend(error);
    relay_answer(last_words, resend, ignored);
  }
  for (std::size_t i = 0; i < units_.size(); ++i)
    if (units_.at(i).rider != nullptr) take_back_names(i);
  for (bool is_head = true; !units_.empty(); is_head = false) {
    auto gone = pop();
    if (gone.rider == nullptr) continue;
    if (is_head && !resend)
      gone.rider->on_failed(lane_failure::server_lost, streams_);
    else
      send_again(gone, is_head ? *resend : resend_reason::server_lost);
  }
}

void lane_queue::fail_all(lane_failure why) {
  for (std::size_t i = 0; i < units_.size(); ++i)
    if (units_.at(i).rider != nullptr) take_back_names(i);
  while (!units_.empty()) {
    const bool begun = std::exchange(streams_, false);
    if (auto gone = pop(); gone.rider != nullptr) gone.rider->on_failed(why, begun);
  }
}

}  // namespace pgweir::core
