// proxy/session_table.hpp - the sessions of one worker, by the key that cancel requests name.
//
// Thread rule: the worker's thread.
#pragma once

#include "proxy/cancel_keys.hpp"
#include "proxy/session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pgweir::proxy {

class session_table {
 public:
  explicit session_table(std::size_t worker) : worker_(worker), keys_(worker) {}

  // A new identity, with a place reserved for its session.
  session_identity reserve();
  session& add(std::unique_ptr<session> made);
  // See cancel_keys::give().
  cancel_key give_key(const session& to, std::int32_t server_process_id);
  // Null: no session of this worker has that key.
  session* find(const cancel_key& key) const;
  // Null: no session of this worker was told that process id, which is one of pgweir's own.
  session* find_told(std::int32_t process_id) const;
  std::unique_ptr<session> remove(const session& gone);

  // Ends all sessions.
  void end_all(outcome why);

 private:
  const std::size_t worker_;
  cancel_keys keys_;
  std::vector<std::unique_ptr<session>> places_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pgweir::proxy
