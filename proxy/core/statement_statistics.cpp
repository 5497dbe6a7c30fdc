#include "proxy/core/statement_statistics.hpp"

#include <algorithm>

namespace pgweir::core {
namespace {

// Of the newest execution. One that is eight times the limit makes a statement slow, whatever it was before.
constexpr float weight = 1.0F / 8;

}  // namespace

statement_statistics::known statement_statistics::look_up(std::uint64_t key,
                                                          std::chrono::nanoseconds limit) const {
  const auto& candidates = set_of(key);
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [key](const entry& one) { return one.key == key; });
  if (found == candidates.end()) return {};
  const std::chrono::nanoseconds expected{static_cast<std::int64_t>(found->nanoseconds)};
  if (found->seen < executions_needed) return {verdict::unproven, expected};
  if (expected > limit) return {verdict::slow, expected};
  if (found->bytes > small_answer) return {verdict::large, expected};
  return {verdict::proven, expected};
}

void statement_statistics::observe(std::uint64_t key, std::chrono::nanoseconds took,
                                   std::size_t answer_bytes) {
  auto& candidates = set_of(key);
  auto found =
      std::find_if(candidates.begin(), candidates.end(), [key](const entry& one) { return one.key == key; });
  const auto nanoseconds = static_cast<float>(took.count());
  const auto bytes = static_cast<float>(answer_bytes);
  ++uses_;
  if (found == candidates.end()) {
    // Differences, because the count of uses wraps around.
    found = std::max_element(candidates.begin(), candidates.end(), [this](const entry& a, const entry& b) {
      return (a.key == 0 ? ~0u : uses_ - a.last_use) < (b.key == 0 ? ~0u : uses_ - b.last_use);
    });
    *found = {.key = key, .seen = 0, .last_use = uses_, .nanoseconds = nanoseconds, .bytes = bytes};
  }
  found->seen = std::min(found->seen + 1, executions_needed);
  found->last_use = uses_;
  found->nanoseconds += weight * (nanoseconds - found->nanoseconds);
  found->bytes += weight * (bytes - found->bytes);
}

}  // namespace pgweir::core
