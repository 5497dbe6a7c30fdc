// pool/profile_set.hpp - one shared object for all equal profiles of a worker. Thread rule: the worker's
// thread.
#pragma once

#include "pool/profile.hpp"

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace pgweir::pool {

class profile_set {
 public:
  shared_profile intern(profile startup);
  // Those that neither a session nor a backend refers to any more.
  void forget_unused();
  std::size_t size() const { return known_.size(); }

 private:
  std::unordered_multimap<std::size_t, std::weak_ptr<const profile>> known_;  // by hash of the content
};

}  // namespace pgweir::pool
