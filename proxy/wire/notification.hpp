// proxy/wire/notification.hpp - NotificationResponse, and what a session says to have or to give up channels.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgweir::wire {

struct notification {
  std::uint32_t process_id = 0;  // of the session that notified
  std::string_view channel;
  std::string_view payload;
};

// `body` is what follows the header; the views point into it. Nothing: it is none.
std::optional<notification> read_notification(bytes_view body);

// Append the message to `out`.
void append_notification(std::string& out, const notification& said);

// `LISTEN "a";LISTEN "b"`, one text for all. `channels` are not empty, and as pg_listening_channels() has
// them.
std::string sql_to_listen(std::span<const std::string> channels);
std::string sql_to_unlisten(std::span<const std::string> channels);
inline constexpr const char* sql_to_unlisten_all = "UNLISTEN *";
// Listens to `channel` and puts a notification with `payload`, which holds no quote and no backslash, into
// the server's queue.
std::string sql_to_mark(std::string_view channel, std::string_view payload);

}  // namespace pgweir::wire
