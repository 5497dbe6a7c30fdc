// proxy/sender_ids.hpp - whose session a notification comes from: PostgreSQL names the process of a server
// connection, but a client knows itself, and others, by the process id of their BackendKeyData.
//
// A connection has a note, in which the worker that has it writes the client whose unit runs there, or ran
// last, unless that only reads. Who notified is looked up when the notification comes: where another client
// writes on the connection by then, that one is named. Thread rule: any thread.
#pragma once

#include "proxy/core/notification_rules.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace pgweir::proxy {

class sender_ids {
 public:
  using note = std::atomic<std::int32_t>;  // what the client was told; 0: no client has been there

  // For a new connection; lives as long as somebody holds it.
  std::shared_ptr<note> make_note(std::string_view database, std::int32_t server_process_id);
  // The server's own where no client of pgweir is known.
  std::int32_t told(std::string_view database, std::int32_t server_process_id) const;

 private:
  using key = std::pair<std::string, std::int32_t>;

  mutable std::mutex mutex_;
  std::map<key, std::weak_ptr<note>, std::less<>> notes_;
  std::size_t clean_at_ = 64;  // when there are so many those of closed connections go
};

// For the notifications that sessions of one database get on connections of their own.
class sender_names final : public core::notification_rules {
 public:
  sender_names(const sender_ids& known, std::string database)
      : known_(known), database_(std::move(database)) {}

  bool admit(wire::notification& said) override;

 private:
  const sender_ids& known_;
  const std::string database_;
};

}  // namespace pgweir::proxy
