// proxy/session_table.hpp - the sessions of one worker, by the key that cancel requests name.
//
// The process id that a client gets says on which worker its session lives, so a cancel request that the
// kernel gave to another worker finds the way: worker in the high bits, place in this table in the low ones.
// Thread rule: the worker's thread, but for worker_of().
#pragma once

#include "proxy/session.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace pgweir::proxy {

class session_table {
 public:
  explicit session_table(std::size_t worker) : worker_(worker) {}

  // A new identity, with a place reserved for its session.
  session_identity reserve();
  session& add(std::unique_ptr<session> made);
  // Null: no session has that key.
  session* find(const cancel_key& key) const;
  std::unique_ptr<session> remove(const session& gone);

  // Ends all sessions.
  void end_all(outcome why);

  static std::size_t worker_of(const cancel_key& key) {
    return static_cast<std::uint32_t>(key.process_id) >> place_bits;
  }

 private:
  static constexpr unsigned place_bits = 24;  // leaves 7 bits for the worker in a positive process id

  static std::size_t place_of(const cancel_key& key) {
    return static_cast<std::uint32_t>(key.process_id) & ((1u << place_bits) - 1);
  }

  std::int32_t next_secret();

  const std::size_t worker_;
  std::array<std::int32_t, 64> secrets_{};  // random, made in batches
  std::size_t secrets_left_ = 0;
  std::vector<std::unique_ptr<session>> places_;
  std::vector<std::uint32_t> free_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pgweir::proxy
