#include "metrics/registry.hpp"

#include "metrics/utf8.hpp"

#include <cassert>

namespace pgweir::metrics {

namespace {

std::vector<const pool_instruments*> present(const std::vector<std::unique_ptr<pool_instruments>>& workers) {
  std::vector<const pool_instruments*> found;
  found.reserve(workers.size());
  for (const auto& instruments : workers)
    if (instruments) found.push_back(instruments.get());
  return found;
}

}  // namespace

registry::registry(std::size_t workers, std::size_t max_pools) : max_pools_(max_pools) {
  workers_.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<worker_instruments>());
  others_.workers.resize(workers);
}

registry::~registry() = default;

registry::pool_entry& registry::entry(std::string_view database, std::string_view user) {
  pool_key key{bounded_label(database), bounded_label(user)};
  const auto known = pools_.find(key);
  if (known != pools_.end()) return known->second;
  if (pools_.size() >= max_pools_ || key == pool_key{"other", "other"}) {
    others_used_ = true;
    return others_;
  }
  pool_entry& added = pools_[std::move(key)];
  added.workers.resize(workers_.size());
  return added;
}

pool_instruments& registry::pool(std::size_t worker, std::string_view database, std::string_view user) {
  assert(worker < workers_.size());
  const std::lock_guard lock(mutex_);
  auto& instruments = entry(database, user).workers[worker];
  if (!instruments) instruments = std::make_unique<pool_instruments>();
  return *instruments;
}

pool_facts& registry::facts(std::string_view database, std::string_view user) {
  const std::lock_guard lock(mutex_);
  return entry(database, user).facts;
}

// Copies addresses only, so that a scrape holds the mutex for microseconds; the sums are made without it.
registry_view registry::view() const {
  registry_view all;
  all.client_limit = client_limit_.value();
  for (const auto& worker : workers_) all.workers.push_back(worker.get());

  const std::lock_guard lock(mutex_);
  all.pools.reserve(pools_.size() + 1);
  for (const auto& [key, pool] : pools_)
    all.pools.push_back({key.first, key.second, &pool.facts, present(pool.workers)});
  if (others_used_) all.pools.push_back({"other", "other", nullptr, present(others_.workers)});
  return all;
}

}  // namespace pgweir::metrics
