// What a lane does when something goes wrong: errors, cancels, clients that go, a server that stalls or is
// lost.
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

// Why the head goes again, if its error allows that.
std::optional<resend_reason> lane_queue::reason_to_resend(wire::bytes_view error) const {
  const auto& head = units_.front();
  const server_error said{error};
  if (said.sqlstate == "57014" && was_canceled_ && !head.is_canceled)
    return resend_reason::canceled_for_another;
  if (head.is_translated && may_come_from_translation(said)) return resend_reason::translated;
  const failed_unit failed{.is_blind = head.is_blind, .takes_over = head.takes_over};
  if (may_resend_on_lane(said, failed, statement_prefix_)) return resend_reason::statement_missing;
  return std::nullopt;
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
  if (head_shares_sync()) dissolve_head(resend_reason::stalled);
  for (std::size_t i = 1; i < units_.size(); ++i) {
    if (units_.at(i).rider == nullptr) continue;
    take_back_names(i);
    auto gone = units_.at(i);
    units_.at(i).rider = nullptr;
    send_again(gone, resend_reason::stalled);
  }
}

// Of a batch at the head, counted from it: the one that the error answers.
std::size_t lane_queue::unit_of(const wire::answer_extent& failed) const {
  if (failed.error.empty() || !may_come_from_translation(server_error{failed.error})) return nobody_failed;
  auto executed = failed.executed;
  std::size_t unit = 0;
  for (std::size_t i = 0; i < backend_.expected.size(); ++i) {
    const auto& one = backend_.expected.at(i);
    if (one.request == request::execute && executed-- == 0) return unit;
    if (ends_unit(one)) ++unit;
  }
  return nobody_failed;
}

// All or nothing: what is left of a batch is one unit of nobody's, whatever its answer will be. Each client
// is told when nothing here refers to its unit any more.
void lane_queue::dissolve_head(resend_reason why, std::size_t failed) {
  const auto batch = head_batch();
  for (std::size_t i = 0; i < batch; ++i)
    if (units_.at(i).rider != nullptr) take_back_names(i);
  auto inner = batch - 1;
  backend_.expected.remove_if(
      [&inner](const expected_response& one) { return one.is_withheld_sync() && inner > 0 && inner-- > 0; });
  for (std::size_t left = batch; left > 0; --left) {
    auto gone = left > 1 ? pop() : units_.front();
    if (left == 1) {
      units_.at(0).rider = nullptr;
      units_.at(0).is_left_over = true;
    }
    const bool is_blamed = batch - left == failed && gone.is_translated;
    if (gone.rider != nullptr) send_again(gone, is_blamed ? resend_reason::translated : why);
  }
}

// The server works on the head, if on anything. The others cannot have changed anything, so they may go
// again; so may the head, if it has failed already for what it cannot help, or was not the only one.
void lane_queue::lose(wire::bytes_view last_words) {
  bool ignored = false;
  if (head_shares_sync()) dissolve_head(resend_reason::server_lost);
  std::optional<resend_reason> resend;
  if (std::exchange(open_, 0) == units_.size()) resend = resend_reason::server_lost;  // nothing was sent
  const auto error = wire::measure_answer(last_words).error;
  if (!error.empty() && !units_.empty() && !streams_ && !resend) {
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
  open_ = 0;
  for (std::size_t i = 0; i < units_.size(); ++i)
    if (units_.at(i).rider != nullptr) take_back_names(i);
  while (!units_.empty()) {
    const bool begun = std::exchange(streams_, false);
    if (auto gone = pop(); gone.rider != nullptr) gone.rider->on_failed(why, begun);
  }
}

}  // namespace pgweir::core
