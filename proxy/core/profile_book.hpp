// proxy/core/profile_book.hpp - gives equal profiles of sessions one identity, so that to compare them is to
// compare pointers. Keeps none alive. Thread rule: one per worker.
#pragma once

#include "proxy/core/session_profile.hpp"

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace pgweir::core {

class profile_book {
 public:
  // Null for an empty one.
  shared_session_profile intern(session_profile&& made);
  std::size_t size() const { return by_hash_.size(); }

 private:
  std::unordered_map<std::size_t, std::weak_ptr<const session_profile>> by_hash_;
  std::size_t clean_at_ = 64;  // when it has so many entries those that nobody uses go
};

}  // namespace pgweir::core
