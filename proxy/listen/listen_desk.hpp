// proxy/listen/listen_desk.hpp - what one worker has of shared listening: the hubs that are at home here, and
// its sessions' branches of all hubs. Thread rule: the worker's thread.
#pragma once

#include "proxy/listen/listen_branch.hpp"
#include "proxy/listen/listen_hub.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class listen_desk {
 public:
  // All outlive it.
  listen_desk(listen_directory& all, std::size_t worker, io::loop& loop, sender_ids& senders,
              backend_resets& resets, std::string_view statement_prefix);
  ~listen_desk();

  // The branch of the hub for sessions of that pool with that startup packet. Null: there is no hub.
  listen_branch* find(pool::pool& served, const pool::profile& startup);
  // Opens that hub, with the connection of its first session, see listen_hub::begin(). Null, and the lease
  // stays where it is: there is one by now, or the pool is too small for one.
  listen_branch* open(pool::pool& served, const pool::shared_profile& startup, pool::lease& given,
                      const std::vector<std::string>& channels);

  // What sessions get on connections of their own. Stays as long as the desk.
  core::notification_rules& names_for(const std::string& database);
  sender_ids& senders() { return senders_; }
  const listen_directory& all() const { return all_; }

  // Of hubs and branches, from other workers.
  listen_hub* hub(std::uint64_t id);
  void ask_hub(std::uint64_t id, std::size_t by, const std::vector<std::string>& channels,
               std::uint64_t request);
  void take_events(std::uint64_t hub, const hub_events& said);
  void forget_hub(std::uint64_t id) { hubs_.erase(id); }

 private:
  listen_branch& branch_of(hub_place hub, pool::pool& served);

  listen_directory& all_;
  const std::size_t worker_;
  io::loop& loop_;
  sender_ids& senders_;
  backend_resets& resets_;
  const std::string_view statement_prefix_;
  std::map<std::uint64_t, std::unique_ptr<listen_hub>> hubs_;
  std::map<std::uint64_t, std::unique_ptr<listen_branch>> branches_;
  std::map<std::string, sender_names> names_;
};

}  // namespace pgweir::proxy
