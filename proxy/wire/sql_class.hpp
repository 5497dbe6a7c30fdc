// proxy/wire/sql_class.hpp - may an SQL text share a server connection with texts of other clients?
// Judged by its tokens alone, without a parser: what is in doubt is not shareable. A view, a rule, an
// operator or a cast may hide a call, and so may t.f, which is f(t) if t has no column f; whoever has such
// ones with an effect switches sharing off (multiplex). (v).f is taken for a call, so that a field of a
// composite value is read on a connection of its own, unless a function without effect has its name.
#pragma once

#include "proxy/wire/sql_bonds.hpp"
#include "proxy/wire/sql_head.hpp"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::wire {

// Why a text needs a connection of its own; of several reasons, the last in this list.
enum class sql_verdict : std::uint8_t {
  shareable,           // it does not
  locks_rows,          // FOR UPDATE, FOR SHARE and their kind: may wait for somebody else's commit
  session_function,    // leaves state in the server's session, or reads it
  temporary,           // names pg_temp, or is a SELECT INTO
  command,             // no SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE (also behind WITH)
  several_statements,  // more than one
  not_understood,
};

struct sql_class {
  sql_verdict verdict = sql_verdict::not_understood;
  // May be run twice: reads only, and calls only functions of PostgreSQL that are known to have no effect.
  bool only_reads = false;
  // Of the text without literals, parameters, comments, white space and letter case of unquoted words; a list
  // in IN (...) and the rows of VALUES count as one. 0 exactly if the text is not understood.
  std::uint64_t fingerprint = 0;
  // The session may be another one afterwards: settings, temporary tables, prepared statements, locks, ...
  // False only if every statement of the text is of a kind that leaves nothing behind, and none calls a
  // function that is not known to leave nothing.
  bool leaves_state = true;
  sql_bonds bonds{};
};

// Names of functions whose call needs a connection of its own: PostgreSQL's (and those of known extensions),
// and what the operator adds. They are compared with the last part of a qualified name, without letter case;
// a trailing * stands for any rest.
class session_functions {
 public:
  explicit session_functions(std::span<const std::string> more = {});

  bool contains(std::string_view folded_name) const { return all_ || names(folded_name); }
  // The same but for a single *, which names every function and yet none.
  bool names(std::string_view folded_name) const;
  bool names_all() const { return all_; }
  // One that it names, and that does more than to look at the session or to change the transaction.
  bool leaves_state(std::string_view folded_name) const;
  // Quick, and in any letter case; false: names() is false, too.
  bool may_name(std::string_view name) const { return begins_[beginning(name)]; }

 private:
  void add(std::string_view name);
  // Of the first three bytes what upper and lower case have in common.
  static constexpr std::size_t beginning(std::string_view name) {
    const auto bits = [&](std::size_t at) {
      return at < name.size() ? static_cast<unsigned char>(name[at]) & 31u : 0u;
    };
    return bits(0) << 10 | bits(1) << 5 | bits(2);
  }

  std::vector<std::uint64_t> names_;   // their hashes, sorted
  std::vector<std::string> prefixes_;  // without the *
  std::bitset<1 << 15> begins_;        // by the beginning() of names and prefixes
  bool all_ = false;                   // a single *
};

// Allocates nothing; `text` may be anything.
sql_class classify(std::string_view text, const session_functions& forcing);

// Whether the text is nothing but a DEALLOCATE, as its head says.
bool deallocates_alone(const sql_head& head, const sql_class& judged);

// sql_class::leaves_state alone, of a text that is whole.
bool text_may_leave_state(std::string_view text, const session_functions& forcing);
// With the functions of PostgreSQL and known extensions only.
bool text_may_leave_state(std::string_view text);

}  // namespace pgweir::wire
