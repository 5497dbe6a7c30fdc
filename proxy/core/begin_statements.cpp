#include "proxy/core/begin_statements.hpp"

namespace pgweir::core {

const statement* begin_statements::find(const wire::transaction_modes& modes) {
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
