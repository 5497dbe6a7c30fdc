#include "proxy/core/statement_statistics.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {
namespace {

// Means over so many executions; over all, as long as there are fewer.
constexpr std::uint32_t recent = 8;
constexpr std::uint32_t usual = 64;

float moved(float mean, float newest, std::uint32_t seen, std::uint32_t span) {
  return mean + (newest - mean) / static_cast<float>(std::min(seen, span));
}

// An execution of less than `slow_at_once` limits counts as `hiccup` of them at most.
constexpr int hiccup = 5;
constexpr int slow_at_once = 20;

// Null: it is not known.
template <class Set>
auto* find_in(Set& candidates, std::uint64_t key) {
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [key](const auto& one) { return one.key == key; });
  return found == candidates.end() ? nullptr : &*found;
}

}  // namespace

statement_statistics::known statement_statistics::look_up(std::uint64_t key, std::chrono::nanoseconds limit) {
  auto* found = find_in(set_of(key), key);
  if (found == nullptr) return {};
  known told{.expected = std::chrono::nanoseconds{static_cast<std::int64_t>(found->nanoseconds)},
             .usual = std::chrono::nanoseconds{static_cast<std::int64_t>(found->usual_nanoseconds)},
             .is_apart = found->apart > 0 || found->has_notices,
             .is_planned_anew = ++found->looked_up % plan_comparison::anew_every == 0,
             .shared_plan_is_worse = found->plans.shared_is_worse()};
  if (found->seen < executions_needed)
    told.judged = verdict::unproven;
  else if (told.expected > limit)
    told.judged = verdict::slow;
  else
    told.judged = found->bytes > small_answer ? verdict::large : verdict::proven;
  return told;
}

void statement_statistics::observe_plan(std::uint64_t key, plan how, std::chrono::nanoseconds took) {
  if (auto* one = find_in(set_of(key), key); one != nullptr) one->plans.add(how, took);
}

void statement_statistics::forget_plans(std::uint64_t key) {
  if (auto* one = find_in(set_of(key), key); one != nullptr) one->plans = {};
}

void statement_statistics::note_notice(std::uint64_t key) {
  if (auto* one = find_in(set_of(key), key); one != nullptr) one->has_notices = true;
}

// In the place of a free one, or of that which has not been seen for longest. Differences, because the count
// of uses wraps around.
statement_statistics::entry& statement_statistics::make(std::uint64_t key) {
  auto& candidates = set_of(key);
  auto& oldest =
      *std::max_element(candidates.begin(), candidates.end(), [this](const entry& a, const entry& b) {
        return (a.key == 0 ? ~0u : uses_ - a.last_use) < (b.key == 0 ? ~0u : uses_ - b.last_use);
      });
  return oldest = {.key = key};
}

void statement_statistics::set_apart(std::uint64_t key) {
  if (auto* one = find_in(set_of(key), key); one != nullptr) one->apart = executions_apart;
}

// A share of a slow batch says nothing of its statements: one of them took nearly all of it.
void statement_statistics::observe_together(std::uint64_t key, const batch& together,
                                            std::size_t answer_bytes, std::chrono::nanoseconds limit) {
  const auto units = static_cast<std::int64_t>(together.units);
  auto* one = find_in(set_of(key), key);
  const std::chrono::nanoseconds usual{one == nullptr ? 0
                                                      : static_cast<std::int64_t>(one->usual_nanoseconds)};
  if (together.took <= limit + units * usual) {
    auto& seen = one != nullptr ? *one : make(key);
    seen.slow_batch = 0;
    return add(seen, together.took / units, answer_bytes, limit);
  }
  if (one == nullptr) return;
  const auto last = std::exchange(one->slow_batch, together.number);
  if (last != 0 && last != together.number) one->apart = executions_apart;
}

void statement_statistics::observe(std::uint64_t key, std::chrono::nanoseconds took, std::size_t answer_bytes,
                                   std::chrono::nanoseconds limit) {
  auto* one = find_in(set_of(key), key);
  add(one != nullptr ? *one : make(key), took, answer_bytes, limit);
}

void statement_statistics::add(entry& to, std::chrono::nanoseconds took, std::size_t answer_bytes,
                               std::chrono::nanoseconds limit) {
  if (took < slow_at_once * limit) took = std::min<std::chrono::nanoseconds>(took, hiccup * limit);
  const auto nanoseconds = static_cast<float>(took.count());
  if (to.apart > 0) --to.apart;
  to.seen = std::min(to.seen + 1, executions_counted);
  to.last_use = ++uses_;
  to.nanoseconds = moved(to.nanoseconds, nanoseconds, to.seen, recent);
  to.usual_nanoseconds = moved(to.usual_nanoseconds, nanoseconds, to.seen, usual);
  to.bytes = moved(to.bytes, static_cast<float>(answer_bytes), to.seen, recent);
}

}  // namespace pgweir::core
