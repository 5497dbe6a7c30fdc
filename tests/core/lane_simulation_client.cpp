#include "tests/core/lane_simulation_client.hpp"

#include <utility>

namespace pgweir::test {

lane_simulation::client::client(lane_simulation& owner, std::uint64_t number,
                                const lane_simulation_rules& rules)
    : id(number),
      units_left(rules.units),
      units(rules.seed * 100 + number, "c" + std::to_string(number)),
      owner_(owner) {}

void lane_simulation::client::on_turn() {
  if (at != place::on_lane || std::exchange(had_turn, true)) owner_.fail(*this, "gets an unasked turn");
}

void lane_simulation::client::on_answered(const core::lane_answer& how) {
  leave_lane("answered");
  ++owner_.counts_.shared;
  if (how.batch > 1) ++owner_.counts_.batched;
  // What pgweir itself answers needs nothing of the server but a Sync, which may be another unit's.
  if (how.bytes == 0 && how.batch == 1) owner_.fail(*this, "is told of an answer without a byte");
  owner_.compare(*this);
}

void lane_simulation::client::on_resend(core::resend_reason why) {
  leave_lane("sent again");
  ++owner_.counts_.resent[static_cast<std::size_t>(why)];
  if (!received.empty()) owner_.fail(*this, "is sent again after a part of its answer");
  owner_.expect_names_as_before(*this, false);
  at = place::to_resend;
}

void lane_simulation::client::on_failed(core::lane_failure why, bool) {
  leave_lane("failed");
  ++owner_.counts_.failed[static_cast<std::size_t>(why)];
  owner_.expect_prefix(*this);
  if (why == core::lane_failure::server_lost) {
    at = place::gone;
    return;
  }
  owner_.expect_names_as_before(*this, true);
  if (!received.empty()) at = place::gone;
}

void lane_simulation::client::leave_lane(const char* how) {
  if (at != place::on_lane) owner_.fail(*this, std::string("is not on the lane, but told: ") + how);
  at = place::idle;
}

}  // namespace pgweir::test
