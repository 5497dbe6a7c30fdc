#include "proxy/core/statement_finder.hpp"

#include <algorithm>
#include <functional>

namespace pgweir::core {
namespace {

// What PostgreSQL plans. A command has no plan to save, and may depend on when it is parsed.
bool is_suited(const statement& made) {
  return made.sharing.verdict != wire::sql_verdict::command &&
         made.sharing.verdict != wire::sql_verdict::not_understood &&
         made.sharing.verdict != wire::sql_verdict::several_statements && !made.traits.drops_statements &&
         !made.freezes_time && !made.sharing.bonds.names_statements;
}

bool is_usable(const statement& made) {
  return !made.retired.load(std::memory_order_relaxed) && !made.demoted.load(std::memory_order_relaxed) &&
         is_suited(made);
}

}  // namespace

std::uint64_t statement_finder::hash_of(wire::bytes_view text) {
  return std::hash<std::string_view>{}(wire::as_text(text));
}

shared_statement statement_finder::find(wire::bytes_view text_and_types, std::uint64_t stale_up_to) const {
  const auto hash = hash_of(text_and_types);
  const auto& there = slot_of(hash);
  if (there.hash != hash) return nullptr;
  auto known = there.known.lock();
  const bool same = known != nullptr && known->text_and_types == wire::as_text(text_and_types);
  return same && known->id > stale_up_to && is_usable(*known) ? known : nullptr;
}

shared_statement statement_finder::note(wire::bytes_view text_and_types, std::uint64_t stale_up_to) {
  if (text_and_types.size() > longest_text) return nullptr;
  const auto hash = hash_of(text_and_types);
  auto& there = slots_[hash & (slot_count - 1)];
  if (there.hash != hash) {
    if (there.seen > 1) {
      --there.seen;
      return nullptr;
    }
    there = slot{};
    there.hash = hash;
  }
  there.seen = std::min(there.seen + 1, sightings_counted);
  auto known = there.known.lock();
  if (known == nullptr || known->id <= stale_up_to || known->retired.load(std::memory_order_relaxed)) {
    if (there.seen < sightings_needed) return nullptr;
    known = catalogue_.intern(text_and_types, stale_up_to);
    there.known = known;
  }
  const bool same = known != nullptr && known->text_and_types == wire::as_text(text_and_types);
  return same && is_usable(*known) ? known : nullptr;
}

void statement_finder::renew() {
  for (auto& one : slots_)
    if (const auto known = one.known.lock(); known != nullptr && is_suited(*known) && is_due(one, *known))
      catalogue_.retire(known);
}

bool statement_finder::is_due(slot& one, const statement& known) {
  constexpr std::uint8_t most_doublings = 10;
  if (!known.demoted.load(std::memory_order_relaxed)) {
    if (one.demotions > 0) --one.demotions;
    return true;
  }
  if (one.rounds_left == 0) {
    one.demotions = std::min<std::uint8_t>(one.demotions + 1, most_doublings);
    one.rounds_left = static_cast<std::uint16_t>(1u << one.demotions);
  }
  return --one.rounds_left == 0;
}

shared_statement statement_finder::find_query(std::string_view sql, std::uint64_t stale_up_to) const {
  wire::lift_literals(sql, lifted_text_);
  return find(wire::as_bytes(lifted_text_), stale_up_to);
}

statement_finder::known_query statement_finder::note_query(std::string_view sql, std::uint64_t stale_up_to) {
  const auto lifted = wire::lift_literals(sql, lifted_text_);
  return {lifted, note(wire::as_bytes(lifted_text_), stale_up_to)};
}

bool statement_finder::demote_if_slow(const statement& stand_in, std::chrono::nanoseconds usual_by_now) {
  constexpr std::int64_t slower = 4;
  constexpr std::int64_t noise = 1'000'000;  // a loaded machine makes the fastest statement this much slower
  const auto usual = stand_in.usual_nanoseconds.load(std::memory_order_relaxed);
  if (usual == 0) stand_in.usual_nanoseconds.store(usual_by_now.count(), std::memory_order_relaxed);
  if (usual == 0 || usual_by_now.count() <= slower * usual + noise) return false;
  return demote(stand_in);
}

}  // namespace pgweir::core
