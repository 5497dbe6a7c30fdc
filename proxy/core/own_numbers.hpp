// proxy/core/own_numbers.hpp - the process ids by which a client knows itself, and so expects to be told who
// has sent a notification of its own.
#pragma once

#include <cstdint>

namespace pgweir::core {

struct own_numbers {
  std::uint32_t given = 0;  // by pgweir, in BackendKeyData; 0: by the server
  std::uint32_t told = 0;   // by pg_backend_pid() last; 0: it has not asked

  std::uint32_t name_of(std::uint32_t sender) const { return told != 0 && sender == given ? told : sender; }
};

}  // namespace pgweir::core
