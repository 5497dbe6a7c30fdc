// proxy/cancel_keys.hpp - the keys that the clients of one worker are told in BackendKeyData, and whose they
// are.
//
// Where clients share servers, the process id is pgweir's own and says on which worker the client is: worker
// in the high bits, place in the low ones, and between them a bit that makes it larger than any process id of
// Linux, so that pg_terminate_backend() of it ends nobody else's session. A client that has a server to
// itself is told the server's own process id, so that it equals pg_backend_pid(); nothing about the worker
// follows from that, and two servers behind one pgweir may have equal ones: the secret decides. Thread rule:
// the worker's thread, but for worker_of().
#pragma once

#include "proxy/core/process_numbers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

struct cancel_key {
  std::int32_t process_id = 0;
  std::int32_t secret = 0;
};

class cancel_keys {
 public:
  // From 0; given again when many others were released after it, because applications and their pools take a
  // new process id for the sign of a new connection.
  using place = std::uint32_t;

  explicit cancel_keys(std::size_t worker) : worker_(worker) {}

  place reserve();
  // The key of a reserved place, once. `server_process_id`: of the server that the client has to itself; 0:
  // it has none, or the server told none.
  cancel_key give(place to, std::int32_t server_process_id);
  // Nothing: no client of this worker has that key.
  std::optional<place> find(const cancel_key& key) const;
  // Nothing: no client of this worker was told that number of pgweir's own.
  std::optional<place> find_told(std::int32_t process_id) const;
  // Its key is void.
  void release(place gone);

  // Where to ask first: whose the key is if its process id is one of pgweir's.
  static std::size_t worker_of(const cancel_key& key) {
    return static_cast<std::uint32_t>(key.process_id) >> place_bits;
  }

 private:
  static constexpr unsigned place_bits = 24;  // leaves 7 bits for the worker in a positive process id
  static constexpr std::uint32_t above_servers{core::least_client_number};
  static constexpr std::size_t released_before_reuse = 4096;

  std::int32_t own_process_id(place of) const;
  bool fits(place candidate, const cancel_key& key) const;
  std::int32_t next_secret();

  const std::size_t worker_;
  std::array<std::int32_t, 64> secrets_{};  // random, made in batches
  std::size_t secrets_left_ = 0;
  std::vector<cancel_key> keys_;                            // by place; process id 0: none was given
  std::deque<place> free_;                                  // released last at the back
  std::unordered_multimap<std::int32_t, place> by_server_;  // of those whose process id is not pgweir's own
};

}  // namespace pgweir::proxy
