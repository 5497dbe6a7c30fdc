// metrics/registry.hpp - owner of every instrument of the process.
//
// Instruments live as long as the registry: counters never go back, also when a pool is gone and comes again.
// Thread rule: every function may be called from any thread. The instruments that a worker gets are then
// written by that worker alone.
#pragma once

#include "metrics/instruments.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::metrics {

// What is configured for one (database, user). Unlike the other instruments it may be set from any thread.
struct pool_facts {
  gauge size, min_size;
};

// One pool as the scrape sees it. The pointers stay valid for the registry's life.
struct pool_view {
  std::string database, user;
  const pool_facts* facts;                       // null for the set that counts the pools beyond the limit
  std::vector<const pool_instruments*> workers;  // of those workers that have met the pool
};

struct registry_view {
  std::vector<pool_view> pools;  // by database, then user
  std::vector<const worker_instruments*> workers;
  std::int64_t client_limit;
};

class registry {
 public:
  // Label sets beyond max_pools are counted under database="other", user="other".
  registry(std::size_t workers, std::size_t max_pools);
  ~registry();
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  // Takes a mutex and may allocate: ask once per worker and pool, and keep the reference. To be called only
  // for clients that have logged in: names that strangers make up must not become labels. Names that are
  // equal once they are bounded (metrics/utf8.hpp) share one set. REQUIRES: worker < workers.
  pool_instruments& pool(std::size_t worker, std::string_view database, std::string_view user);
  pool_facts& facts(std::string_view database, std::string_view user);

  worker_instruments& worker(std::size_t index) { return *workers_[index]; }

  // Connections of clients that the whole process accepts; 0: no limit.
  void set_client_limit(std::int64_t clients) { client_limit_.set(clients); }

  registry_view view() const;

 private:
  struct pool_entry {
    pool_facts facts;
    std::vector<std::unique_ptr<pool_instruments>> workers;  // by worker; null until it asks
  };
  using pool_key = std::pair<std::string, std::string>;

  pool_entry& entry(std::string_view database, std::string_view user);

  const std::size_t max_pools_;
  std::vector<std::unique_ptr<worker_instruments>> workers_;  // constant after construction
  gauge client_limit_;

  mutable std::mutex mutex_;  // guards what follows
  std::map<pool_key, pool_entry> pools_;
  pool_entry others_;
  bool others_used_ = false;
};

}  // namespace pgweir::metrics
