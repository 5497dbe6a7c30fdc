// proxy/client_limits.hpp - how many clients the process, each database and each user have, and may have.
// Thread-safe. Touched at login and at the end of a session only.
#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::proxy {

class client_limits {
 public:
  explicit client_limits(const config::config& settings) : settings_(settings) {}

  // None: admitted, and leave() is owed. Else which limit is reached, for the client and the log.
  std::optional<std::string> enter(std::string_view database, std::string_view user);
  void leave(std::string_view database, std::string_view user);

 private:
  using count_map = std::map<std::string, std::size_t, std::less<>>;

  const config::config& settings_;
  std::mutex mutex_;
  std::size_t all_ = 0;
  count_map by_database_;
  count_map by_user_;
};

}  // namespace pgweir::proxy
