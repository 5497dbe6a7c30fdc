#include "proxy/core/expected_responses.hpp"

namespace pgweir::core {

void expected_responses::count(const expected_response& entry, int direction) {
  const auto step = static_cast<std::size_t>(direction);
  if (ends_in_ready(entry.request)) ready_owed_ += step;
  if (entry.may_deallocate) doubts_ += step;
}

void expected_responses::push(const expected_response& next) {
  ring_.push(next);
  count(next, 1);
}

void expected_responses::pop() {
  count(front(), -1);
  ring_.pop();
}

void expected_responses::clear() {
  while (!empty()) pop();
}

}  // namespace pgweir::core
