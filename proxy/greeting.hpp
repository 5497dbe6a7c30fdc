// proxy/greeting.hpp - what clients with the same startup packet share: the profile of their backends, and
// what the server says at login to a client with that profile.
//
// The parameters are learnt from the first backend with that profile and refreshed by each newer one, so that
// only the first client has to wait for a server at login, and those that keep one (session mode,
// replication). Thread rule: one per worker.
#pragma once

#include "pool/pool_set.hpp"
#include "proxy/wire/startup.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace pgweir::proxy {

struct greeting {
  pool::shared_profile startup;
  bool limits_transactions = false;     // startup sets a timeout of the server's for open transactions
  bool server_takes_writes = false;     // the parameters say that it is no hot standby
  std::string parameters;               // encoded ParameterStatus messages; empty: not known yet
  io::clock::time_point learnt_from{};  // when the backend that told them had connected
};

using shared_greeting = std::shared_ptr<greeting>;

class greetings {
 public:
  explicit greetings(pool::pool_set& pools) : pools_(pools) {}

  shared_greeting of(const pool::pool& target, const wire::startup_message& startup);

  static void learn(greeting& about, const pool::backend& from);

 private:
  void forget_unused();

  pool::pool_set& pools_;
  std::unordered_map<std::string, shared_greeting> known_;
};

}  // namespace pgweir::proxy
