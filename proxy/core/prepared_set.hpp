// proxy/core/prepared_set.hpp - which of the catalogue's statements one backend has, least recently used
// last.
#pragma once

#include "proxy/core/pending_changes.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace pgweir::core {

class prepared_set {
 public:
  // Whether the backend has it; counts as a use.
  bool use(std::uint64_t id);
  void add(std::uint64_t id, const std::string& server_name);
  void remove(std::uint64_t id);
  void clear();
  // Whether an earlier unit, not answered yet, is to make the statement there or not there.
  bool in_doubt(std::uint64_t id) const;
  pending_changes& changes() { return changes_; }
  std::size_t size() const { return by_id_.size(); }

  struct known {
    std::uint64_t id;
    std::string server_name;
    std::uint64_t added = 0;  // serial of the change
  };
  // The least recently used one, if there are more than `limit`: take it out and close it on the server.
  std::optional<known> evict_beyond(std::size_t limit);

 private:
  pending_changes changes_;
  std::uint64_t last_eviction_ = 0;
  std::list<known> by_use_;
  std::unordered_map<std::uint64_t, std::list<known>::iterator> by_id_;
};

}  // namespace pgweir::core
