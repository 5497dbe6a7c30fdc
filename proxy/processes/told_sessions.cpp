#include "proxy/processes/told_sessions.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

void told_sessions::add(session& who, const pool::backend& by, const told_backend_use& use) {
  auto& known = by_backend_[by.id()];
  if (known.who.empty()) known = {process_of(by), use, {}};
  known.who.push_back(&who);
}

bool told_sessions::remove(session& who, std::uint64_t backend) {
  const auto at = by_backend_.find(backend);
  if (at == by_backend_.end()) return false;
  std::erase(at->second.who, &who);
  if (!at->second.who.empty()) return false;
  by_backend_.erase(at);
  return true;
}

std::vector<session*> told_sessions::take(std::uint64_t backend) {
  auto known = by_backend_.extract(backend);
  return known.empty() ? std::vector<session*>{} : std::move(known.mapped().who);
}

std::uint64_t told_sessions::find(const server_process& process) const {
  // The newest, where the server has used the number again.
  std::uint64_t found = 0;
  for (const auto& [backend, known] : by_backend_)
    if (known.process == process) found = std::max(found, backend);
  return found;
}

}  // namespace pgweir::proxy
