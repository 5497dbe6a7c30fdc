#include "proxy/processes/process_directory.hpp"

#include "proxy/processes/process_desk.hpp"

namespace pgweir::proxy {

void process_directory::backend_ended(std::uint64_t backend, const std::string& said) {
  for (std::size_t i = 0; i < workers(); ++i)
    post(i, [backend, said](process_desk& desk) { desk.backend_ended(backend, said); });
}

}  // namespace pgweir::proxy
