// proxy/wire/startup.hpp - what a client may send first: the packets without a type byte (PostgreSQL manual,
// "Start-up" and "Cancelling Requests in Progress").
#pragma once

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/error_response.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pgweir::wire {

// Length words PostgreSQL takes: the word itself, a version, at most 10,000 bytes in all after the word.
inline constexpr std::size_t min_startup_packet = 4 + 4;
inline constexpr std::size_t max_startup_packet = 4 + 10'000;
// NAMEDATALEN - 1: PostgreSQL cuts longer user and database names.
inline constexpr std::size_t max_name = 63;

struct ssl_request {};
struct gssenc_request {};

// Protocol 3.0 has keys of four bytes, 3.2 up to 256.
struct cancel_request {
  std::uint32_t process_id = 0;
  std::string key;
};

enum class replication_kind { none, physical, logical };

struct startup_message {
  std::uint16_t minor = 0;  // of the protocol 3.x asked for
  std::string user;
  std::string database;  // the user's name unless given
  std::string options;   // command line switches: "-c name=value ..."
  replication_kind replication = replication_kind::none;
  // All other parameters but _pq_.*: sorted by name, each name once, with its last value.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::string> protocol_options;  // names that begin with _pq_.

  // REQUIRES: out of decode_startup().
  bool needs_negotiation() const { return minor > 0 || !protocol_options.empty(); }
};

struct startup_error {
  std::optional<error_fields> reply;  // what PostgreSQL would answer; none: it closes without a word
  std::string reason;                 // for the log
};

using startup_packet =
    std::variant<ssl_request, gssenc_request, cancel_request, startup_message, startup_error>;

// The size of the packet that begins with the four bytes `head`; none if no valid packet is that small or
// large.
std::optional<std::size_t> startup_packet_size(bytes_view head);

// REQUIRES: packet.size() == startup_packet_size(packet).
startup_packet decode_startup(bytes_view packet);

// The refusal of a version that is not 3.x, or of a request code at a place where it is not allowed.
startup_error unsupported_protocol(std::uint32_t version);

// The version words of the requests, for unsupported_protocol().
inline constexpr std::uint32_t ssl_request_code = 1234u << 16 | 5679u;
inline constexpr std::uint32_t gssenc_request_code = 1234u << 16 | 5680u;
inline constexpr std::uint32_t cancel_request_code = 1234u << 16 | 5678u;

// Append NegotiateProtocolVersion: only 3.0 is spoken, and no _pq_ option is known.
void append_negotiate_protocol_version(std::string& out, const startup_message& startup);

}  // namespace pgweir::wire
