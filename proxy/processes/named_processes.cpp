#include "proxy/processes/named_processes.hpp"

#include <algorithm>

namespace pgweir::proxy {

named_processes::~named_processes() {
  for (const auto& [number, one] : by_number_)
    if (one.stands_for) withdraw(all_, *one.stands_for);
}

bool named_processes::is_new(std::int32_t client_number) {
  return by_number_.try_emplace(client_number).second;
}

std::optional<std::int32_t> named_processes::find(std::int32_t client_number) {
  auto& one = by_number_[client_number];
  if (!one.stands_for) return std::nullopt;
  one.used = true;
  return one.stands_for->process_id;
}

void named_processes::learn(std::int32_t client_number, const shown_process& what) {
  auto& known = by_number_[client_number].stands_for;
  // Asked for twice, as the session gave up its backend meanwhile.
  if (known) withdraw(all_, *known);
  known = what;
}

bool named_processes::is_used() const {
  return std::all_of(by_number_.begin(), by_number_.end(), [](const auto& one) { return one.second.used; });
}

}  // namespace pgweir::proxy
