#include "proxy/processes/named_processes.hpp"

#include <algorithm>

namespace pgweir::proxy {

named_processes::~named_processes() {
  for (const auto& [number, one] : by_number_) withdraw(desk_.all(), one.stands_for);
}

std::optional<std::int32_t> named_processes::find(std::int32_t number, wire::process_signal why) {
  const auto [at, is_new] = by_number_.try_emplace(number);
  if (is_new) desk_.ask(by_, number, why);
  auto& one = at->second;
  if (one.at == stage::sought) return std::nullopt;
  const bool ends = why == wire::process_signal::ends;
  if (ends || one.at == stage::shown) one.at = ends ? stage::ends : stage::cancels;
  return one.stands_for.process_id;
}

void named_processes::learn(std::int32_t number, const shown_process& what) {
  auto& one = by_number_[number];
  // Asked for twice, as the session gave up its backend meanwhile: the first may be on its way to the server.
  if (one.at != stage::sought) return withdraw(desk_.all(), what);
  one = {what, stage::shown};
}

bool named_processes::may_end_unit() {
  bool is_known = true;
  for (auto& [number, one] : by_number_) {
    if (one.at == stage::ends)
      one.at = desk_.hear(by_, number, one.stands_for) ? stage::listens : stage::heard;
    is_known = is_known && one.at != stage::listens;
  }
  return is_known;
}

void named_processes::note_heard(std::int32_t number) {
  const auto at = by_number_.find(number);
  if (at != by_number_.end() && at->second.at == stage::listens) at->second.at = stage::heard;
}

bool named_processes::is_used() const {
  return std::all_of(by_number_.begin(), by_number_.end(),
                     [](const auto& one) { return one.second.at >= stage::cancels; });
}

}  // namespace pgweir::proxy
