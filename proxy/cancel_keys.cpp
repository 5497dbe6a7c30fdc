#include "proxy/cancel_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <stdexcept>
#include <utility>

namespace pgweir::proxy {

cancel_keys::place cancel_keys::reserve() {
  if (free_.size() < released_before_reuse) {
    keys_.emplace_back();
    return static_cast<place>(keys_.size() - 1);
  }
  const auto reserved = free_.front();
  free_.pop_front();
  return reserved;
}

cancel_key cancel_keys::give(place to, std::int32_t server_process_id) {
  const auto own = own_process_id(to);
  auto& key = keys_[to];
  key.secret = next_secret();
  key.process_id = server_process_id != 0 ? server_process_id : own;
  if (key.process_id != own) by_server_.emplace(key.process_id, to);
  return key;
}

std::optional<cancel_keys::place> cancel_keys::find(const cancel_key& key) const {
  if (const auto own = find_told(key.process_id); own && fits(*own, key)) return own;
  for (auto [at, end] = by_server_.equal_range(key.process_id); at != end; ++at)
    if (fits(at->second, key)) return at->second;
  return std::nullopt;
}

std::optional<cancel_keys::place> cancel_keys::find_told(std::int32_t process_id) const {
  const auto number = static_cast<std::uint32_t>(process_id) & ((1u << place_bits) - 1);
  if (worker_of({process_id, 0}) != worker_ || number < above_servers) return std::nullopt;
  const auto found = number - above_servers;
  return found < keys_.size() && keys_[found].process_id == process_id ? std::optional{found} : std::nullopt;
}

void cancel_keys::release(place gone) {
  for (auto [at, end] = by_server_.equal_range(keys_[gone].process_id); at != end; ++at)
    if (at->second == gone) {
      by_server_.erase(at);
      break;
    }
  keys_[gone] = {};
  free_.push_back(gone);
}

std::int32_t cancel_keys::own_process_id(place of) const {
  return static_cast<std::int32_t>(worker_ << place_bits | above_servers | of);
}

bool cancel_keys::fits(place candidate, const cancel_key& key) const {
  if (candidate >= keys_.size() || keys_[candidate].process_id != key.process_id) return false;
  return CRYPTO_memcmp(&keys_[candidate].secret, &key.secret, sizeof key.secret) == 0;
}

std::int32_t cancel_keys::next_secret() {
  if (secrets_left_ == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(secrets_.data()), sizeof secrets_) != 1)
      throw std::runtime_error("OpenSSL has no random bytes for a cancel key");
    secrets_left_ = secrets_.size();
  }
  return std::exchange(secrets_[--secrets_left_], 0);
}

}  // namespace pgweir::proxy
