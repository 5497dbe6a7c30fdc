// proxy/core/client_statements.hpp - the prepared statements that one client knows, under its own names.
//
// Names change in the order in which the server works off the client's messages, but pgweir learns the
// outcome only when the answer comes. So a definition or a close takes effect at once, gets a serial number,
// and is taken back by that number if an error made the server skip it. Owns no memory until the client
// prepares something.
#pragma once

#include "proxy/core/memory_share.hpp"
#include "proxy/core/pending_changes.hpp"
#include "proxy/core/statement_catalogue.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pgweir::core {

class client_statements {
 public:
  struct named {
    shared_statement made;
    std::uint64_t serial;     // of the definition
    std::uint64_t since = 0;  // Parses that had gone out then, see statement_catalogue::parses()
    std::uint64_t shape = 0;  // of its rows, as the client was told (wire/row_shape); 0: it was not
  };

  // Before define(). False: prepared_memory is used up, and the name must not be defined.
  [[nodiscard]] bool reserve(std::string_view name, statement_catalogue& of) {
    return share_.take(of, cost_of(name));
  }
  // Null: no such name.
  const named* find(std::string_view name) const;
  // All, oldest definition first; the names are valid until the next change.
  std::vector<std::pair<std::string_view, shared_statement>> in_order() const;
  // The one with this definition. Slow.
  const named* find_defined(std::uint64_t serial) const;
  std::uint64_t define(std::string_view name, shared_statement made, std::uint64_t since = 0);
  // The client was told. Slow.
  void note_shape(std::uint64_t serial, std::uint64_t shape);
  // The name stands for another statement from here on. Precondition: it exists; neither is large.
  void rebind(std::string_view name, shared_statement made);
  void undo_define(std::uint64_t serial);
  // The same for all names given since.
  void undo_defines_from(std::uint64_t serial);
  // Counts as given now. Slow.
  void renew(std::uint64_t serial);
  // Precondition: the name exists.
  std::uint64_t close(std::string_view name);
  void undo_close(std::uint64_t serial);
  void confirm_close(std::uint64_t serial);
  // DEALLOCATE ALL: all names given before `serial` go; those given later stay.
  void clear_before(std::uint64_t serial);
  std::uint64_t next_serial() const { return changes_.last() + 1; }
  // Whether an earlier unit, not answered yet, gave the name or took it away.
  bool in_doubt(std::string_view name) const;
  pending_changes& changes() { return changes_; }
  // The client's name of a statement, also of one whose close is not confirmed; empty if it has none. The one
  // with that definition or close goes first.
  std::string_view name_of(std::uint64_t statement_id, std::uint64_t serial) const;
  // Statements that only one backend can have keep the session on it.
  bool any_large() const { return large_ > 0; }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct closed {
    std::string name;
    named was;
    std::uint64_t serial;
  };
  using name_map = std::unordered_map<std::string, named, text_hash, std::equal_to<>>;
  struct tables {
    name_map names;
    std::vector<closed> closing;  // not confirmed yet
  };

  // With what the tables need for it.
  static std::size_t cost_of(std::string_view name) { return name.size() + 300; }
  void erase(name_map::iterator gone);
  void forget(name_map::iterator gone);

  std::unique_ptr<tables> tables_;
  pending_changes changes_;
  std::uint32_t large_ = 0;
  memory_share share_;  // of names
};

}  // namespace pgweir::core
