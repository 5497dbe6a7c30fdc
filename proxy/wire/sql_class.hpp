// proxy/wire/sql_class.hpp - may an SQL text share a server connection with texts of other clients?
// Judged by its tokens alone, without a parser: what is in doubt is not shareable. A view, a rule or an
// operator may hide a call; whoever has such ones with an effect switches sharing off (multiplex).
#pragma once

#include <array>
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
};

// Names of functions whose call needs a connection of its own: PostgreSQL's (and those of known extensions),
// and what the operator adds. They are compared with the last part of a qualified name, without letter case;
// a trailing * stands for any rest.
class session_functions {
 public:
  explicit session_functions(std::span<const std::string> more = {});

  bool contains(std::string_view folded_name) const;

 private:
  void add(std::string_view name);

  std::vector<std::uint64_t> names_;   // their hashes, sorted
  std::vector<std::string> prefixes_;  // without the *
  std::array<bool, 256> begins_{};     // first bytes of names and prefixes
};

// Allocates nothing; `text` may be anything.
sql_class classify(std::string_view text, const session_functions& forcing);

}  // namespace pgweir::wire
