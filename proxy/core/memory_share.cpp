#include "proxy/core/memory_share.hpp"

#include "proxy/core/statement_catalogue.hpp"

#include <algorithm>

namespace pgweir::core {

bool memory_share::take(statement_catalogue& of, std::size_t bytes) {
  const auto more = counted(held_ + bytes) - counted(held_);
  if (more > 0 && !of.lend(more)) return false;
  held_ += bytes;
  of_ = &of;
  return true;
}

void memory_share::give_back(std::size_t bytes) {
  const auto left = held_ - std::min(bytes, held_);
  const auto less = counted(held_) - counted(left);
  held_ = left;
  if (less > 0) of_->give_back(less);
}

}  // namespace pgweir::core
