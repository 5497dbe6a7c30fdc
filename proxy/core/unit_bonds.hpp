// proxy/core/unit_bonds.hpp - what a unit has to do with things that live on one server connection, before it
// is sent: as far as its texts show, and as far as it has arrived.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/sql_bonds.hpp"
#include "proxy/wire/sql_class.hpp"

#include <cstddef>

namespace pgweir::core {

struct unit_bonds {
  wire::sql_bonds bonds;
  std::size_t size = 0;  // of the unit; 0: it is not whole yet
};

unit_bonds bonds_of_unit(const client_state& client, wire::bytes_view arrived,
                         const wire::session_functions& forcing);

}  // namespace pgweir::core
