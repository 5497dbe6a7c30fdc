// proxy/core/unnamed_statement.hpp - one client's unnamed prepared statement, also across Sync.
//
// It is session state of the client (psycopg, pgjdbc and others parse it in one batch and bind it in a later
// one), but each backend has room for only one. So its text is kept, and prepared again where it is missing.
// What the server skips after an error is taken back, hence the versions: the last confirmed one and those
// still under way.
#pragma once

#include "proxy/core/memory_share.hpp"
#include "proxy/core/pending_changes.hpp"
#include "proxy/core/statement_catalogue.hpp"
#include "proxy/wire/cursor.hpp"
#include "proxy/wire/sql_head.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::core {

class unnamed_statement {
 public:
  struct version {
    std::uint64_t serial;
    bool exists;            // false: dropped, by a simple Query or a Close
    bool is_large = false;  // too large to be kept: only the backend that has it can run it
    wire::sql_traits traits{};
    std::string text_and_types{};  // as in the Parse message after its name
    std::string deallocates{};     // its text is DEALLOCATE of this name of the client's
    shared_statement made{};       // stands in for it on the server; the text is kept there
    std::size_t reserved = 0;      // for the text
    std::uint64_t since = 0;       // Parses that had gone out then, see statement_catalogue::parses()

    const std::string& text() const { return made != nullptr ? made->text_and_types : text_and_types; }
  };

  // Before set(). False: prepared_memory is used up, and the text should not be kept.
  [[nodiscard]] bool reserve(wire::bytes_view text_and_types, statement_catalogue& of) {
    return share_.take(of, text_and_types.size());
  }
  // `spare` lends its memory to the new version; confirm() gives memory back to it. `reserved`: bytes.
  std::uint64_t set(wire::bytes_view text_and_types, wire::sql_traits traits, std::string& spare,
                    std::size_t reserved = 0);
  // DEALLOCATE of a statement of this client: `text_and_types` names another one on the server, to be
  // dropped.
  std::uint64_t set_deallocate(wire::bytes_view text_and_types, std::string name);
  std::uint64_t set_large(wire::sql_traits traits = {});
  std::uint64_t set_shared(shared_statement made, std::uint64_t since);
  // 0: there was none, nothing changes.
  std::uint64_t drop();

  void confirm(std::uint64_t serial, std::string& spare);  // the server did it: all versions before are gone
  void undo(std::uint64_t serial);                         // the server skipped it
  void fail(std::uint64_t serial);                         // the server tried: it has none now

  // Whether an earlier unit, not answered yet, set or dropped it.
  bool in_doubt() const { return !empty() && changes_.in_doubt(versions_.back().serial); }
  pending_changes& changes() { return changes_; }

  // Null: the client has none.
  const version* current() const { return !empty() && versions_.back().exists ? &versions_.back() : nullptr; }
  // The catalogue's statement that stands in for it, or null. Only within the unit that prepared it: a later
  // one could not be sent again as its client meant it, should the two differ by then.
  const statement* stand_in() const {
    const auto* now = current();
    return now != nullptr && changes_.is_of_this_unit(now->serial) ? now->made.get() : nullptr;
  }

 private:
  bool empty() const { return first_ == versions_.size(); }
  void drop_front(std::string& spare);
  void forget(const version& gone) { share_.give_back(gone.reserved); }

  std::vector<version> versions_;  // from first_ on, oldest first; only the first may be confirmed
  std::size_t first_ = 0;
  pending_changes changes_;
  memory_share share_;  // of texts
};

}  // namespace pgweir::core
