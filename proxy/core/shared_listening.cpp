#include "proxy/core/shared_listening.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pgweir::core {
namespace {

channel_names without(const channel_names& all, const channel_names& gone) {
  channel_names left;
  std::set_difference(all.begin(), all.end(), gone.begin(), gone.end(), std::back_inserter(left));
  return left;
}

}  // namespace

channel_names shared_listening::found(channel_names channels, bool own_had_all) {
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  if (has_marks()) std::erase(channels, mark_channel_);
  channel_names given_up;
  if (own_had_all) {
    given_up = without(served_, channels);
    served_ = without(served_, given_up);
  }
  auto more = without(channels, served_);
  if (more != to_move_) change_ = change::none;
  to_move_ = std::move(more);
  return given_up;
}

void shared_listening::leave_hub() {
  to_move_.insert(to_move_.end(), served_.begin(), served_.end());
  std::sort(to_move_.begin(), to_move_.end());
  served_.clear();
  refuse();
}

void shared_listening::refuse() {
  change_ = change::none;
  mark_passed_ = false;
}

void shared_listening::adopt() { take_over(); }

void shared_listening::begin_mark(std::string channel, std::string payload) {
  change_ = change::marking;
  mark_channel_ = std::move(channel);
  mark_payload_ = std::move(payload);
  mark_passed_ = false;
}

bool shared_listening::end_mark() {
  const bool passed = std::exchange(mark_passed_, false);
  if (passed) take_over();
  is_behind_mark_ = passed;
  change_ = change::none;
  return passed;
}

void shared_listening::take_over() {
  served_.insert(served_.end(), to_move_.begin(), to_move_.end());
  std::sort(served_.begin(), served_.end());
  to_move_.clear();
  change_ = change::none;
}

shared_listening::bringer shared_listening::bringer_of(const wire::notification& said) {
  if (has_marks() && said.channel == mark_channel_) {
    const bool is_mine = change_ == change::marking && said.payload == mark_payload_;
    mark_passed_ = mark_passed_ || is_mine;
    return bringer::nobody;
  }
  if (mark_passed_) return bringer::nobody;
  if (!serves(said.channel)) return bringer::own;
  return is_behind_mark_ ? bringer::nobody : bringer::hub;
}

bool shared_listening::serves(std::string_view channel) const {
  return std::binary_search(served_.begin(), served_.end(), channel);
}

}  // namespace pgweir::core
