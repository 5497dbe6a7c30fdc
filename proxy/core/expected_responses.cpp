#include "proxy/core/expected_responses.hpp"

namespace pgweir::core {

void expected_responses::count(const expected_response& entry, int direction) {
  const auto step = static_cast<std::size_t>(direction);
  if (entry.request == request::query || entry.request == request::function_call ||
      entry.request == request::sync)
    ready_owed_ += step;
  if (entry.may_deallocate) doubts_ += step;
}

void expected_responses::push(const expected_response& next) {
  if (count_ == ring_.size()) {
    std::vector<expected_response> larger(ring_.empty() ? 16 : ring_.size() * 2,
                                          expected_response{request::sync});
    for (std::size_t i = 0; i < count_; ++i) larger[i] = at(i);
    ring_ = std::move(larger);
    first_ = 0;
  }
  ring_[(first_ + count_) & (ring_.size() - 1)] = next;
  ++count_;
  count(next, 1);
}

void expected_responses::pop() {
  count(front(), -1);
  first_ = (first_ + 1) & (ring_.size() - 1);
  --count_;
}

void expected_responses::clear() {
  while (!empty()) pop();
}

}  // namespace pgweir::core
