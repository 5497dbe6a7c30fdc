// proxy/auth/verifier_cache.hpp - SCRAM keys of users whose secret is configured in plain, derived once per
// process.
#pragma once

#include "config/config.hpp"
#include "proxy/auth/scram_keys.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pgweir::auth {

// A derivation that a login needs before it can go on.
struct key_derivation {
  std::string password;
  std::string salt;
  unsigned iterations = default_scram_iterations;
  std::string user;   // whose configured password this is, if `keep`
  bool keep = false;  // false: a password that a client sent, to be forgotten
};

// Thread-safe. find() and salt_for() are quick; derive() and warm() are for a thread pool.
class verifier_cache {
 public:
  // A random key of the process, from which the salts come. `capacity` bounds the users kept; with "*" as a
  // user, clients choose the names.
  explicit verifier_cache(std::size_t capacity = 10'000);
  ~verifier_cache();
  verifier_cache(const verifier_cache&) = delete;
  verifier_cache& operator=(const verifier_cache&) = delete;

  // 16 bytes that are always the same for a name, whether there is such a user or not.
  std::string salt_for(std::string_view user) const;

  // Keys already derived from this very password of the user.
  std::optional<scram_keys> find(std::string_view user, std::string_view password) const;

  // Of several threads that ask for the same keys at once, one does the work and the others wait for it.
  scram_keys derive(const key_derivation& job);

  // Derives the keys of all users configured by name: so the first login of a user takes no longer than that
  // of an unknown one, and a restart under load does not begin with a queue of derivations.
  void warm(const config::config& settings);

 private:
  struct entry;
  std::shared_ptr<entry> entry_for(const key_derivation& job);

  const std::string process_key_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards entries_, not what an entry does
  std::unordered_map<std::string, std::shared_ptr<entry>> entries_;
};

// The derivation of a configured plain password; salt and iterations are the process's own.
key_derivation derivation_of(const verifier_cache& cache, std::string_view user, std::string_view password);

}  // namespace pgweir::auth
