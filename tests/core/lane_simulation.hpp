// tests/core/lane_simulation.hpp - several clients on one lane of a model server, in one thread and without
// sockets: what proxy/session_lane and proxy/lane do, in its shortest form. Bytes travel in pieces of random
// size; clients cancel and leave, the lane is lost, taken back or left with an open transaction, the schema
// changes. The seed decides all.
//
// Each answer is compared with that of a server of the client's own.
#pragma once

#include "proxy/core/lane_queue.hpp"
#include "proxy/core/statement_finder.hpp"
#include "tests/core/dice.hpp"
#include "tests/core/lane_unit_generator.hpp"
#include "tests/core/simulated_server.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {

struct lane_simulation_rules {
  std::size_t clients = 3;
  std::size_t units = 8;  // of each client
  std::size_t prepared_limit = 2;
  bool shares_unnamed = true;
  bool shares_sync = true;
  std::size_t mishap = 40;  // one event in so many is one; 0: none
  std::uint64_t seed = 1;
};

// What happened, so that a test can see that it did.
struct lane_simulation_counts {
  std::size_t shared = 0;  // units answered on the lane
  std::size_t alone = 0;
  std::size_t batched = 0;              // of those shared, under a Sync of several
  std::array<std::size_t, 6> resent{};  // by core::resend_reason
  std::array<std::size_t, 3> failed{};  // by core::lane_failure
  std::size_t canceled = 0;
  std::size_t unnamed_shared = 0;
  std::size_t queries_prepared = 0;
  std::size_t evictions = 0;

  void operator+=(const lane_simulation_counts& more);
};

class lane_simulation {
 public:
  explicit lane_simulation(const lane_simulation_rules& rules);
  ~lane_simulation();

  void run();

  // What went wrong, if anything did.
  const std::string& fault() const { return fault_; }
  const lane_simulation_counts& counts() const { return counts_; }

 private:
  class client;

  static const std::string last_words;  // of a server that is shut down

  bool is_over() const;
  void event();
  void mishap();
  client* any_on_lane();

  void begin_unit(client& of);
  void run_alone(client& of);
  bool exchange(client& of, simulated_server& at, std::string& rest, std::string& kept);
  void send_to_lane();
  void deliver_to_lane();
  void deliver(client& to, simulated_server& at);

  void open_lane();
  void take_back();
  void lose_lane();
  void change_schema();

  void compare(client& of);
  void expect_prefix(const client& of);
  void expect_names_as_before(const client& of, bool unnamed_too);
  void expect_settled(const simulated_server& at);
  void fail(const client& of, const std::string& what);
  core::relay_rules rules_for(const client& of, bool on_lane);

  const lane_simulation_rules rules_;
  dice dice_;
  core::statement_catalogue catalogue_{1 << 20, "secret"};
  core::statement_finder texts_{catalogue_};
  std::vector<std::unique_ptr<client>> clients_;
  std::unique_ptr<simulated_server> shared_;
  std::unique_ptr<core::lane_queue> lane_;  // on shared_
  std::string to_lane_;                     // sent at the end of the turn
  bool is_drained_ = false;                 // nobody may join
  std::size_t cancels_in_flight_ = 0;
  simulated_server other_;  // for one client at a time
  int schema_ = 1;
  lane_simulation_counts counts_;
  std::string fault_;
};

}  // namespace pgweir::test
