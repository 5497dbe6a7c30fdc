// proxy/core/prepared_set.hpp - which of the catalogue's statements one backend has, least recently used
// last.
//
// A statement counts as there when its Parse is sent, and as gone when its Close is. Each change has a
// serial, by which it is taken back if an error made the server skip it.
#pragma once

#include "proxy/core/pending_changes.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace pgweir::core {

class prepared_set {
 public:
  struct known {
    std::uint64_t id;
    std::string server_name;
    std::uint64_t added;       // serial of the change; 0 in a removal: it was not there after all
    std::uint64_t parsed = 0;  // number of its Parse, see statement_catalogue::count_parse()
    bool stale = false;        // the server refused to run it as it is
    std::uint64_t shape = 0;   // of its rows, see wire/row_shape; 0: not known
  };
  struct removal {
    known was;
    std::uint64_t serial;
  };

  // Whether the backend has it; counts as a use.
  bool use(std::uint64_t id);
  // The statement is to be prepared afresh before its next use.
  void distrust(std::uint64_t id);
  void distrust_all();
  bool is_stale(std::uint64_t id) const;
  std::uint64_t add(std::uint64_t id, const std::string& server_name, std::uint64_t parsed);
  // Serial of the change that made it be there; 0: it is not.
  std::uint64_t added(std::uint64_t id) const;
  // Number of the Parse that made it; 0: it is not there.
  std::uint64_t parsed(std::uint64_t id) const;
  // 0: it is not there, or nobody has asked.
  std::uint64_t shape(std::uint64_t id) const;
  void note_shape(std::uint64_t id, std::uint64_t shape);
  void undo_add(std::uint64_t id, std::uint64_t serial);
  // For a Close of one that is there. Precondition: use(id).
  const removal& close(std::uint64_t id);
  // For another Close of one that is gone only if the server does not skip the Close before. Null: there is
  // none.
  const removal* close_again(std::uint64_t id);
  // For a Close of the least recently used one, if there are more than `limit`; else null. Valid until the
  // next change.
  const removal* evict_beyond(std::size_t limit);
  void confirm_removal(std::uint64_t serial);
  void undo_removal(std::uint64_t serial);
  // The server has dropped all that were added before.
  void clear_before(std::uint64_t serial);
  void clear() { clear_before(changes_.last() + 1); }

  // Whether the current unit has it prepared.
  bool is_of_this_unit(std::uint64_t id) const;
  // Whether an earlier unit, not answered yet, is to make the statement there or not there.
  bool in_doubt(std::uint64_t id) const;
  pending_changes& changes() { return changes_; }
  std::size_t size() const { return by_use_.size(); }
  // Most recently used first.
  const std::list<known>& all() const { return by_use_; }

 private:
  void insert(known one);
  void erase(std::list<known>::iterator gone);
  std::vector<removal>::iterator find_removal(std::uint64_t serial);

  pending_changes changes_;
  std::uint64_t last_removal_ = 0;
  std::list<known> by_use_;
  std::unordered_map<std::uint64_t, std::list<known>::iterator> by_id_;
  std::vector<removal> removing_;  // not confirmed yet
};

}  // namespace pgweir::core
