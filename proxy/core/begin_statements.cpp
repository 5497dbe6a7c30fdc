#include "proxy/core/begin_statements.hpp"

namespace pgweir::core {
namespace {

template <class Mode>
constexpr std::size_t count_to(Mode last) {
  return static_cast<std::size_t>(last) + 1;
}

}  // namespace

const statement* begin_statements::find(const wire::transaction_modes& modes) {
  static_assert(isolations == count_to(wire::isolation_level::serializable));
  static_assert(accesses == count_to(wire::access_mode::read_write));
  static_assert(deferrables == count_to(wire::deferrable_mode::not_deferrable));
  const auto place =
      (static_cast<std::size_t>(modes.isolation) * accesses + static_cast<std::size_t>(modes.access)) *
          deferrables +
      static_cast<std::size_t>(modes.deferrable);
  auto& found = known_.at(place);
  if (found == nullptr) {
    constexpr std::size_t end_of_text_and_no_types = 3;
    const auto text = wire::sql_to_begin(modes) + std::string(end_of_text_and_no_types, '\0');
    found = catalogue_.intern(wire::as_bytes(text));
  }
  return found.get();
}

}  // namespace pgweir::core
