#include "proxy/core/statement_finder.hpp"

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

const statement* statement_finder::find(wire::bytes_view text_and_types, std::uint64_t stale_up_to) const {
  const auto hash = hash_of(text_and_types);
  const auto& there = slot_of(hash);
  if (there.hash != hash || there.known == nullptr) return nullptr;
  const bool same = there.known->text_and_types == wire::as_text(text_and_types);
  return same && there.known->id > stale_up_to && is_usable(*there.known) ? there.known.get() : nullptr;
}

shared_statement statement_finder::note(wire::bytes_view text_and_types, std::uint64_t stale_up_to) {
  if (text_and_types.size() > longest_text) return nullptr;
  const auto hash = hash_of(text_and_types);
  auto& there = slots_[hash & (slot_count - 1)];
  if (there.hash != hash) there = {.hash = hash, .seen = 0, .known = nullptr};
  if (there.known == nullptr || there.known->id <= stale_up_to ||
      there.known->retired.load(std::memory_order_relaxed)) {
    if (++there.seen < sightings_needed) return nullptr;
    there.known = catalogue_.intern(text_and_types, stale_up_to);
  }
  const bool same = there.known != nullptr && there.known->text_and_types == wire::as_text(text_and_types);
  return same && is_usable(*there.known) ? there.known : nullptr;
}

const statement* statement_finder::find_query(std::string_view sql, std::uint64_t stale_up_to) const {
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
  return !stand_in.demoted.exchange(true, std::memory_order_relaxed);
}

}  // namespace pgweir::core
