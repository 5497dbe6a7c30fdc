#include "proxy/auth/verifier_cache.hpp"

#include "proxy/auth/secret.hpp"

#include <atomic>

namespace pgweir::auth {

namespace {

constexpr std::size_t process_key_size = 32, salt_size = 16;  // PostgreSQL's salts have 16 bytes

}  // namespace

struct verifier_cache::entry {
  explicit entry(std::string of) : password(std::move(of)) {}

  const std::string password;
  std::once_flag once;
  std::atomic<bool> ready = false;  // set after keys
  scram_keys keys;
};

verifier_cache::verifier_cache(std::size_t capacity)
    : process_key_(random_bytes(process_key_size)), capacity_(capacity) {}

verifier_cache::~verifier_cache() = default;

std::string verifier_cache::salt_for(std::string_view user) const {
  return std::string(as_text(hmac_sha256(process_key_, user)).substr(0, salt_size));
}

std::optional<scram_keys> verifier_cache::find(std::string_view user, std::string_view password) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(std::string(user));
  if (found == entries_.end()) return std::nullopt;
  const auto& known = *found->second;
  if (!known.ready.load(std::memory_order_acquire) || known.password != password) return std::nullopt;
  return known.keys;
}

std::shared_ptr<verifier_cache::entry> verifier_cache::entry_for(const key_derivation& job) {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(job.user);
  if (found == entries_.end()) {
    if (entries_.size() >= capacity_) entries_.erase(entries_.begin());
    found = entries_.emplace(job.user, nullptr).first;
  }
  auto& slot = found->second;
  if (slot == nullptr || slot->password != job.password) slot = std::make_shared<entry>(job.password);
  return slot;
}

scram_keys verifier_cache::derive(const key_derivation& job) {
  if (!job.keep) return derive_scram_keys(job.password, job.salt, job.iterations);
  const auto kept = entry_for(job);
  std::call_once(kept->once, [&] {
    kept->keys = derive_scram_keys(job.password, job.salt, job.iterations);
    kept->ready.store(true, std::memory_order_release);
  });
  return kept->keys;
}

void verifier_cache::warm(const config::config& settings) {
  for (const auto& [name, user] : settings.users) {
    const auto parsed = parse_secret(user.secret);
    const auto* plain = std::get_if<plain_secret>(&parsed);
    if (name == "*" || plain == nullptr || user.auth != config::auth_method::scram_sha_256) continue;
    derive(derivation_of(*this, name, plain->password));
  }
}

key_derivation derivation_of(const verifier_cache& cache, std::string_view user, std::string_view password) {
  return {.password = std::string(password),
          .salt = cache.salt_for(user),
          .iterations = default_scram_iterations,
          .user = std::string(user),
          .keep = true};
}

}  // namespace pgweir::auth
