// proxy/core/statement_finder.hpp - which texts of unnamed statements, and of simple Queries without their
// literals, come again and again: those are worth a place in the catalogue, so that they are planned once and
// not each time.
//
// In front of the catalogue, because a text is looked up for every Parse: one slot per hash, no lock,
// bounded. Thread rule: one per worker.
#pragma once

#include "proxy/core/statement_catalogue.hpp"
#include "proxy/wire/lifted_query.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pgweir::core {

class statement_finder {
 public:
  explicit statement_finder(statement_catalogue& catalogue) : catalogue_(catalogue) {}

  // The shared statement for an unnamed Parse with this text; null: not known well enough, not suited, or not
  // newer than `stale_up_to` (see schema_mark).
  shared_statement find(wire::bytes_view text_and_types, std::uint64_t stale_up_to = 0) const;
  // The same, and counts the Parse.
  shared_statement note(wire::bytes_view text_and_types, std::uint64_t stale_up_to = 0);

  // What does the same as a simple Query; null as above.
  shared_statement find_query(std::string_view sql, std::uint64_t stale_up_to) const;
  struct known_query {
    wire::lifted_query lifted;  // views into its text
    shared_statement made;      // takes the values; may be null
  };
  // The same, and counts the Query.
  known_query note_query(std::string_view sql, std::uint64_t stale_up_to);

  // Texts are prepared afresh when they come next: what their names stand for may have changed, by DDL that
  // did not pass through pgweir and that the server does not tell its plans of (a table that hides another
  // one, 'name'::regtype). So are those that were demoted, after twice as many calls each time: a busy moment
  // may have looked like a slow plan. To be called now and then.
  void renew();

  // Whether clients should keep no more.
  bool is_full() const { return catalogue_.is_full(); }

  // Tells how long executions of a statement that stands in for unnamed ones take, by many of them: a single
  // one is slow now and then on a busy machine. True: it loses that right now, because it has become much
  // slower than it was before, which a generic plan may do.
  static bool demote_if_slow(const statement& stand_in, std::chrono::nanoseconds usual_by_now);
  // Until renew() takes that back. False: it was already.
  static bool demote(const statement& stand_in) {
    return !stand_in.demoted.exchange(true, std::memory_order_relaxed);
  }

 private:
  // Before a text gets a place it comes this often: as often as PostgreSQL itself plans a prepared statement
  // afresh before it thinks of a generic plan (plancache.c).
  static constexpr std::uint32_t sightings_needed = 5;
  static constexpr std::uint32_t sightings_counted = 20;
  static constexpr std::size_t longest_text = 4096;
  static constexpr std::size_t slot_count = 1024;  // a power of two

  struct slot {
    std::uint64_t hash = 0;
    std::uint32_t seen = 0;                // less others that would have the same place; bounded
    std::weak_ptr<const statement> known;  // the catalogue's, which may need the memory
    std::uint8_t demotions = 0;
    std::uint16_t rounds_left = 0;  // of renew(), until it may stand in again
  };

  static std::uint64_t hash_of(wire::bytes_view text);
  static bool is_due(slot& one, const statement& known);
  const slot& slot_of(std::uint64_t hash) const { return slots_[hash & (slot_count - 1)]; }

  statement_catalogue& catalogue_;
  std::array<slot, slot_count> slots_;
  mutable std::string lifted_text_;  // where it is built: it keeps its memory
};

}  // namespace pgweir::core
