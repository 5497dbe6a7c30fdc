#include "proxy/core/process_numbers.hpp"

#include "proxy/wire/bind_parameter.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pgweir::core {
namespace {

// Bytes in a text or a message, and what comes in their place.
struct replacement {
  std::size_t at = 0;
  std::size_t size = 0;
  std::string by;
};

std::string replace_all(std::string_view in, std::vector<replacement> all) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::string made;
  std::size_t taken = 0;
  for (const auto& one : all) {
    if (one.at < taken) continue;  // a parameter that stands in several places
    made.append(in.substr(taken, one.at - taken)).append(one.by);
    taken = one.at + one.size;
  }
  return made.append(in.substr(taken));
}

// Asks for every number, so that all that are not known yet are found out at once.
class renumberer {
 public:
  renumberer(process_numbers& known, std::string_view text)
      : known_(known), why_(wire::find_process_signal(text)) {}

  // 0: the number stays.
  std::int32_t operator()(std::int32_t number) {
    if (number == 0) return 0;
    const auto process = known_.server_process_of(number, why_);
    waits_ = waits_ || !process;
    return process && *process != number ? *process : 0;
  }
  renumbering result(bool changes) const {
    if (waits_) return renumbering::waits;
    return changes ? renumbering::done : renumbering::none;
  }

 private:
  process_numbers& known_;
  const wire::process_signal why_;
  bool waits_ = false;
};

std::vector<replacement> in_text(const std::vector<wire::process_site>& sites, renumberer& known) {
  std::vector<replacement> found;
  for (const auto& one : sites)
    if (const auto process = known(one.process_id); process != 0)
      found.push_back({one.at, one.size, std::to_string(process)});
  return found;
}

}  // namespace

renumbered_text renumber(std::string_view text, process_numbers& known) {
  renumberer numbers{known, text};
  auto changes = in_text(wire::find_process_sites(text), numbers);
  const auto what = numbers.result(!changes.empty());
  if (what != renumbering::done) return {what, {}};
  return {what, replace_all(text, std::move(changes))};
}

renumbered_bind renumber_bind(wire::bytes_view body, std::size_t names_size, std::string_view text_and_types,
                              process_numbers& known) {
  const auto text = wire::before_zero(text_and_types);
  renumberer numbers{known, text};
  const auto sites = wire::find_process_sites(text);
  auto texts = in_text(sites, numbers);
  std::vector<replacement> values;
  for (const auto& one : sites) {
    const auto value = one.parameter == 0 ? std::nullopt : wire::find_parameter(body, one.parameter);
    if (!value) continue;
    const auto process = numbers(wire::read_process_id(*value).value_or(0));
    if (process == 0) continue;
    values.push_back({value->at - names_size, sizeof(std::int32_t) + value->value.size(),
                      wire::encode_process_id(process, *value)});
  }
  const auto what = numbers.result(!texts.empty() || !values.empty());
  if (what != renumbering::done) return {what, {}, {}};
  return {what, replace_all(text_and_types, std::move(texts)),
          replace_all(wire::as_text(body.subspan(names_size)), std::move(values))};
}

}  // namespace pgweir::core
