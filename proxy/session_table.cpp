#include "proxy/session_table.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <stdexcept>
#include <utility>

namespace pgweir::proxy {

session_identity session_table::reserve() {
  session_identity made;
  if (free_.empty()) {
    places_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(places_.size() - 1));
  }
  const auto place = free_.back();
  free_.pop_back();
  // A process id of zero would look like none.
  made.key.process_id = static_cast<std::int32_t>(worker_ << place_bits | (place + 1));
  made.key.secret = next_secret();
  made.id = static_cast<std::uint64_t>(worker_ + 1) << 48 | ++last_id_;
  return made;
}

std::int32_t session_table::next_secret() {
  if (secrets_left_ == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(secrets_.data()), sizeof secrets_) != 1)
      throw std::runtime_error("OpenSSL has no random bytes for a cancel key");
    secrets_left_ = secrets_.size();
  }
  return std::exchange(secrets_[--secrets_left_], 0);
}

session& session_table::add(std::unique_ptr<session> made) {
  auto& place = places_[place_of(made->identity().key) - 1];
  place = std::move(made);
  return *place;
}

session* session_table::find(const cancel_key& key) const {
  const auto place = place_of(key);
  if (place == 0 || place > places_.size()) return nullptr;
  auto* found = places_[place - 1].get();
  if (found == nullptr) return nullptr;
  const auto& secret = found->identity().key.secret;
  return CRYPTO_memcmp(&secret, &key.secret, sizeof secret) == 0 ? found : nullptr;
}

std::unique_ptr<session> session_table::remove(const session& gone) {
  const auto place = place_of(gone.identity().key);
  free_.push_back(static_cast<std::uint32_t>(place - 1));
  return std::move(places_[place - 1]);
}

void session_table::end_all(outcome why) {
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (auto* one = places_[i].get(); one != nullptr) one->end(why);
}

}  // namespace pgweir::proxy
