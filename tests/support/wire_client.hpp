// tests/support/wire_client.hpp - a client that speaks PostgreSQL's protocol by hand, over a blocking socket:
// it sends exactly what it is told and shows exactly what comes back.
#pragma once

#include "tests/support/frontend_message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::test {

// As in libpq: a host that begins with "/" is the directory of a Unix socket.
struct endpoint {
  std::string host;
  int port;
};

struct backend_message {
  char type;
  std::string body;

  bool operator==(const backend_message&) const = default;
  // For an ErrorResponse or a NoticeResponse; empty if it is none, or has no such field.
  std::string field(char code) const;
  std::string sqlstate() const { return field('C'); }
  // For a DataRow; NULL is "".
  std::vector<std::string> columns() const;
};

// "TDCZ", the types in their order.
std::string types_of(const std::vector<backend_message>& messages);
// All DataRows; the first column of each.
std::vector<std::string> first_columns(const std::vector<backend_message>& messages);
// The SQLSTATE of the first ErrorResponse, "" if there is none.
std::string sqlstate_of(const std::vector<backend_message>& messages);

// Closes its descriptor.
class owned_descriptor {
 public:
  explicit owned_descriptor(int number) : number_(number) {}
  owned_descriptor(owned_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  owned_descriptor& operator=(owned_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~owned_descriptor() { close(); }

  operator int() const { return number_; }
  void close();

 private:
  int number_;
};

// Every function throws std::runtime_error when the connection breaks, or nothing came within the timeout.
class wire_client {
 public:
  explicit wire_client(const endpoint& to, std::chrono::seconds timeout = std::chrono::seconds{30});

  // Startup and login, up to the first ReadyForQuery. The password is asked for in any form but GSS.
  static wire_client log_in(const endpoint& to, const parameters& startup, const std::string& password = {},
                            std::chrono::seconds timeout = std::chrono::seconds{30});
  // The same as user "postgres" of database "postgres".
  static wire_client postgres(const endpoint& to, std::chrono::seconds timeout = std::chrono::seconds{30});

  void send(std::string_view bytes);
  // In pieces of the sizes that `next_size` returns, each in a packet of its own (TCP_NODELAY).
  void send_cut(std::string_view bytes, const std::function<std::size_t()>& next_size);
  // All of `bytes` while reading what comes back: both sides' buffers may fill. Returns the messages up to
  // the `ready_count`-th ReadyForQuery.
  std::vector<backend_message> exchange_all(std::string_view bytes, std::size_t ready_count);

  backend_message read();
  // Up to and including the next ReadyForQuery, or an ErrorResponse FATAL.
  std::vector<backend_message> read_until_ready();
  // Up to and including the next message of that type.
  std::vector<backend_message> read_until(char type);
  std::vector<backend_message> ask(std::string_view bytes);  // send and read_until_ready
  std::vector<backend_message> ask_sql(std::string_view sql) { return ask(frontend::query(sql)); }
  // The first column of the first row. Throws if there is an error or no row.
  std::string value(std::string_view sql);

  // Whether the peer has closed: waits for it up to the timeout, or for the first byte.
  bool at_end();
  // Whether something to read is there within `wait`.
  bool has_input(std::chrono::milliseconds wait = std::chrono::milliseconds{0});
  // Exactly `size` bytes, as they come.
  std::string read_bytes(std::size_t size);

  // What the login brought.
  const parameters& server_parameters() const { return server_parameters_; }
  std::uint32_t process_id() const { return process_id_; }
  const std::string& key() const { return key_; }
  // A connection that asks the peer to cancel what this client runs; returns when the peer has closed it.
  void cancel() const;

  // Terminate, then close.
  void goodbye();
  // Closes as if the process had died.
  void abandon() { socket_.close(); }
  bool is_open() const { return socket_ >= 0; }
  int descriptor() const { return socket_; }

 private:
  void authenticate(const backend_message& request, const std::string& password);
  void scram(const std::string& password);
  bool fill();

  endpoint to_;
  std::chrono::seconds timeout_;
  owned_descriptor socket_;
  std::string received_;
  std::size_t taken_ = 0;  // of received_
  parameters server_parameters_;
  std::uint32_t process_id_ = 0;
  std::string key_;
};

// Sends a cancel request and waits for the peer to close.
void send_cancel(const endpoint& to, std::uint32_t process_id, std::string_view key);
// Connects, sends, and reads until the peer closes.
std::string exchange(const endpoint& to, std::string_view bytes);

}  // namespace pgweir::test
