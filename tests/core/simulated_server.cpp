#include "tests/core/simulated_server.hpp"

#include "proxy/wire/frame.hpp"

namespace pgweir::test {

bool simulated_server::work() {
  const auto [status, header] = wire::read_header(wire::as_bytes(requests));
  if (status != wire::header_status::complete || requests.size() < header.size()) return false;
  answers += model.answer(split(std::string_view(requests).substr(0, header.size())).front());
  requests.erase(0, header.size());
  return true;
}

std::string simulated_server::prepared_fault(std::string_view prefix) const {
  const auto& believed = state.prepared;
  const auto& named = model.named();
  // The one that a DEALLOCATE was to drop stays if the DEALLOCATE failed.
  const auto spare = named.count(std::string(prefix) + "0");
  if (believed.size() != named.size() - spare)
    return "the server has " + std::to_string(named.size()) + " statements, " +
           std::to_string(believed.size()) + " are believed";
  for (const auto& one : believed.all())
    if (!named.contains(one.server_name)) return "the server lacks " + one.server_name;
  return {};
}

}  // namespace pgweir::test
