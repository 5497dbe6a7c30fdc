// proxy/listen/listen_directory.hpp - which worker is the home of the hub that sessions of one pool, with one
// startup packet, listen through; and the way to the other workers.
//
// Outlives all workers. Thread rule: any thread.
#pragma once

#include "pool/pool.hpp"
#include "proxy/worker_seats.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace pgweir::proxy {

class listen_desk;

struct hub_key {
  std::pair<std::string, std::string> pool;  // database and user
  std::string startup;
};
hub_key key_of(const pool::pool& served, const pool::profile& startup);

struct hub_place {
  std::uint64_t id = 0;  // never given twice in a process, not 0
  std::size_t home = 0;  // worker
};

class listen_directory : public worker_seats<listen_desk> {
 public:
  // `secret`: what no client can guess.
  listen_directory(std::size_t workers, std::string secret)
      : worker_seats(workers), mark_prefix_("pgweir_mark_" + std::move(secret) + "_") {}

  std::optional<hub_place> find(const hub_key& key) const;
  // `home` opens one. Nothing: there is one already; or the pool, whose size is given, would be left without
  // a connection for queries.
  std::optional<hub_place> open(const hub_key& key, std::size_t home, std::size_t pool_size);
  void close(const hub_key& key, std::uint64_t id);

  // Where the marks of the hub's sessions go; a name that needs no quotes.
  std::string mark_channel(const hub_place& hub) const { return mark_prefix_ + std::to_string(hub.id); }

 private:
  const std::string mark_prefix_;

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::pair<std::string, std::string>, std::map<std::string, hub_place>> hubs_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pgweir::proxy
