// tests/core/simulated_server.hpp - a backend and the model server behind it, as the simulations have them:
// without sockets, what is on its way between the two stands in strings.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/sink.hpp"
#include "tests/core/model_server.hpp"

#include <string>
#include <string_view>

namespace pgweir::test {

struct simulated_server {
  core::backend_state state;
  model_server model;
  std::string requests;  // sent by the proxy, not worked off
  std::string answers;   // not taken by the proxy

  // Works off one message. False: none has come whole.
  bool work();
  // Empty: it has the prepared statements that the core believes it to have. `prefix`: how their names begin.
  std::string prepared_fault(std::string_view prefix) const;
};

struct text_sink final : wire::sink {
  explicit text_sink(std::string& where) : out(where) {}
  void put(wire::bytes_view bytes) override { out += wire::as_text(bytes); }
  std::string& out;
};

}  // namespace pgweir::test
