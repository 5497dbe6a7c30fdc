// proxy/core/process_numbers.hpp - pg_terminate_backend and pg_cancel_backend of a client by its number.
//
// A client that shares servers is told a process id of pgweir's own (proxy/cancel_keys), which no server
// knows. Where a call names one, the number of a server process that stands for the client is put in its
// place before the message goes; then the server decides, by its own rules. So it is with the number that
// pg_backend_pid() told a client, where that process is about to execute the call itself. Only what is sent
// changes: the statements that pgweir keeps and shares have the text that their client gave them.
#pragma once

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/process_sites.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::core {

// A process id of Linux is smaller (PID_MAX_LIMIT).
inline constexpr std::int32_t least_client_number = 1 << 23;

// Who knows which server processes stand for which clients.
class process_numbers {
 public:
  // 0: nobody has that number. Nothing: it is being found out; the message is to be offered again then.
  virtual std::optional<std::int32_t> server_process_of(std::int32_t number, wire::process_signal why) = 0;

 protected:
  ~process_numbers() = default;
};

enum class renumbering : std::uint8_t { none, done, waits };

struct renumbered_text {
  renumbering what = renumbering::none;
  std::string text;  // where it is done
};
renumbered_text renumber(std::string_view text, process_numbers& known);

struct renumbered_bind {
  renumbering what = renumbering::none;
  std::string text_and_types;  // of the statement, where it is done
  std::string after_names;     // of the Bind
};
// Of a whole Bind's body, whose names take so many bytes, for a statement.
renumbered_bind renumber_bind(wire::bytes_view body, std::size_t names_size, std::string_view text_and_types,
                              process_numbers& known);

}  // namespace pgweir::core
