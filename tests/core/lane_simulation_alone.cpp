// The part of the simulation in which a client has a backend to itself.
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "tests/core/lane_simulation_client.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::test {

void lane_simulation::run_alone(client& of) {
  ++counts_.alone;
  const bool lane_is_free = lane_->empty() && cancels_in_flight_ == 0 && shared_->requests.empty();
  auto& at = lane_is_free && dice_.below(2) == 0 ? *shared_ : other_;
  std::string kept;
  auto rest = of.unit;
  for (int turns = 0; exchange(of, at, rest, kept) && fault_.empty(); ++turns)
    if (turns == 20000) fail(of, "is stuck");
  of.at = client::place::idle;
  if (fault_.empty() && !at.state.is_quiet()) fail(of, "leaves a backend that is not quiet");
  if (fault_.empty()) compare(of);
}

// False: all is answered, and no transaction is open.
bool lane_simulation::exchange(client& of, simulated_server& at, std::string& rest, std::string& kept) {
  // The session has gathered the unit: one that comes in pieces may not go again.
  kept += std::exchange(rest, {});
  text_sink to_server{at.requests};
  const auto rules = rules_for(of, false);
  const auto step =
      core::request_relay{of.core_state, at.state, rules, to_server, of.answers()}.run(wire::as_bytes(kept));
  kept.erase(0, step.consumed);
  if (step.what == core::request_outcome::violation) fail(of, step.violation);
  for (auto messages = dice_.below(4); messages > 0; --messages) at.work();
  deliver(of, at);
  if (!rest.empty() || !kept.empty() || !at.requests.empty() || !at.answers.empty()) return true;
  if (at.state.transaction == 'I') return false;
  rest = from_client::query("rollback");
  of.unit += rest;
  return true;
}

void lane_simulation::deliver(client& to, simulated_server& at) {
  auto offered = at.answers.size();
  if (dice_.below(2) == 0) offered = std::min(offered, 1 + dice_.below(60));
  for (bool go_on = true; go_on && fault_.empty();) {
    core::response_relay relay{to.core_state, at.state, catalogue_.prefix(), to.answers()};
    const auto step = relay.run(wire::as_bytes(std::string_view(at.answers).substr(0, offered)));
    at.answers.erase(0, step.consumed);
    offered -= step.consumed;
    go_on = step.what != core::response_outcome::need_more;
    if (step.what == core::response_outcome::violation) fail(to, step.violation);
    if (step.what != core::response_outcome::replay) continue;
    text_sink to_server{at.requests};
    const auto rules = rules_for(to, false);
    core::request_relay{to.core_state, at.state, rules, to_server, to.answers()}.replay();
  }
}

}  // namespace pgweir::test
