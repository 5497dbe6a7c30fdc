// pool/pool_registry.hpp - the process-wide pools by (database, user), and what making one needs.
// Must outlive every worker. Thread rule: any thread.
#pragma once

#include "config/config.hpp"
#include "metrics/registry.hpp"
#include "pool/shared_pool.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace pgweir::pool {

class pool_registry {
 public:
  pool_registry(const config::config& configuration, metrics::registry& instruments, std::size_t workers);

  // Made on first use. REQUIRES: the configuration knows both names (find_database, find_user).
  std::shared_ptr<shared_pool> get(std::string_view database, std::string_view user);

  // Backends in this database of a server that nobody uses are closed soon, and the minimum size is let go
  // until somebody asks for a backend there.
  void vacate(const std::string& database);

  // Roles or databases have changed, so that a login brings something else from now on: backends from before
  // are given to nobody any more. Who keeps one keeps it.
  void note_login_change();

  const config::config& configuration() const { return configuration_; }
  metrics::registry& instruments() { return instruments_; }

 private:
  const config::config& configuration_;
  metrics::registry& instruments_;
  const std::size_t workers_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<shared_pool>> pools_;
};

}  // namespace pgweir::pool
