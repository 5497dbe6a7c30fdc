// tests/core/simulation.hpp - several clients and a few model servers with the core between them, in one
// thread and without sockets: what proxy/session does with leases and kept bytes, in its shortest form. Bytes
// travel in pieces of random size, each side at random moments; the seed decides all.
#pragma once

#include "proxy/core/begin_statements.hpp"
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "tests/core/dice.hpp"
#include "tests/core/simulated_server.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {

struct simulation_rules {
  std::size_t clients = 3;
  std::size_t servers = 2;
  std::size_t prepared_limit = 2;
  std::uint64_t seed = 1;
  bool patient = false;  // clients send message by message, each when the unit before is answered
};

class simulation {
 public:
  explicit simulation(const simulation_rules& rules);

  // What client `i` will send; its parts arrive one after the other, as far as flow control lets them.
  void will_send(std::size_t i, std::string bytes) { clients_[i]->to_send += bytes; }
  // Until nothing moves any more.
  void run();

  // Transactions whose BEGIN the proxy answered.
  int deferred() const { return deferred_; }
  const std::string& received(std::size_t i) const { return clients_[i]->received; }
  // What went wrong, if anything did; empty if each backend holds what the core believes it to hold.
  std::string fault() const;

 private:
  struct client;

  struct server : simulated_server {
    client* user = nullptr;
    client* last_user = nullptr;
  };

  struct client {
    std::uint64_t id = 0;
    core::client_state state;
    std::string to_send;
    std::string kept;  // arrived, not consumed
    std::string received;
    server* lease = nullptr;
    bool waits = false;
    bool is_patient = false;
  };

  bool step();
  static bool would_wait(const client& patient);
  bool arrive(client& from);
  bool answer(server& at);
  void offer(client& from);
  bool answer_begin(client& from);
  void ask_for_server(client& from);
  void lend(server& at, client& to);
  void settle(client& of);
  core::relay_rules rules_for(const client& of, bool may_start_unit);
  std::string describe_stuck(const client& one) const;

  dice dice_;
  std::size_t prepared_limit_;
  core::statement_catalogue catalogue_{1 << 20, "secret"};
  core::statement_finder texts_{catalogue_};
  core::begin_statements begins_{catalogue_};
  int deferred_ = 0;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<std::unique_ptr<server>> servers_;
  std::deque<client*> waiting_;
  std::string fault_;
};

}  // namespace pgweir::test
