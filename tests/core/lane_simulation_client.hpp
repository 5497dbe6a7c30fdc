// tests/core/lane_simulation_client.hpp - one client of the simulation: what it sends, what the lane tells
// it, and a server of its own that has done all of its units before.
#pragma once

#include "tests/core/lane_simulation.hpp"

#include <cstdint>
#include <string>

namespace pgweir::test {

class lane_simulation::client final : public core::lane_rider {
 public:
  enum class place : std::uint8_t { idle, on_lane, to_resend, gone };

  client(lane_simulation& owner, std::uint64_t number, const lane_simulation_rules& rules);

  core::client_state& state() override { return core_state; }
  wire::sink& answers() override { return sink_; }
  void on_turn() override;
  void on_answered(const core::lane_answer& how) override;
  void on_resend(core::resend_reason why) override;
  void on_failed(core::lane_failure why, bool begun) override;

  const std::uint64_t id;
  std::size_t units_left;
  lane_unit_generator units;
  core::client_state core_state;
  place at = place::idle;
  bool had_turn = false;
  bool cancels = false;  // its own unit
  std::string unit;
  int sent_at = 0;  // version of the schema
  std::string received;
  model_server alone;  // what a server of its own would have done of all units before

 private:
  void leave_lane(const char* how);

  lane_simulation& owner_;
  text_sink sink_{received};
};

}  // namespace pgweir::test
