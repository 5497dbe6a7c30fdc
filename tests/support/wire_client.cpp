#include "tests/support/wire_client.hpp"

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/error_response.hpp"
#include "tests/auth/scram_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace pgweir::test {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("wire_client: " + what); }

int connect_unix(const endpoint& to) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = to.host + "/.s.PGSQL." + std::to_string(to.port);
  if (path.size() >= sizeof address.sun_path) fail("path is too long: " + path);
  std::copy(path.begin(), path.end(), address.sun_path);
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  ::close(made);
  fail("cannot connect to " + path + ": " + std::strerror(errno));
}

int connect_tcp(const endpoint& to) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(to.port));
  if (::inet_pton(AF_INET, to.host.c_str(), &address.sin_addr) != 1) fail("not an address: " + to.host);
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const int yes = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return made;
  }
  ::close(made);
  fail("cannot connect to port " + std::to_string(to.port) + ": " + std::strerror(errno));
}

bool wait_for(int socket, short events, std::chrono::milliseconds limit) {
  pollfd one{.fd = socket, .events = events, .revents = 0};
  int ready = 0;
  do ready = ::poll(&one, 1, static_cast<int>(limit.count()));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

std::string backend_message::field(char code) const {
  if (type != 'E' && type != 'N') return {};
  return std::string(wire::find_error_field(wire::as_bytes(body), code));
}

std::vector<std::string> backend_message::columns() const {
  std::vector<std::string> all;
  if (type != 'D') return all;
  wire::cursor in{wire::as_bytes(body)};
  for (int left = in.u16(); left > 0; --left) {
    const auto size = in.i32();
    all.emplace_back(size < 0 ? std::string_view{} : wire::as_text(in.take(static_cast<std::size_t>(size))));
  }
  return all;
}

std::string types_of(const std::vector<backend_message>& messages) {
  std::string types;
  for (const auto& one : messages) types += one.type;
  return types;
}

std::vector<std::string> first_columns(const std::vector<backend_message>& messages) {
  std::vector<std::string> all;
  for (const auto& one : messages) {
    if (one.type != 'D') continue;
    const auto columns = one.columns();
    all.push_back(columns.empty() ? std::string{} : columns.front());
  }
  return all;
}

std::string sqlstate_of(const std::vector<backend_message>& messages) {
  const auto found =
      std::find_if(messages.begin(), messages.end(), [](const auto& one) { return one.type == 'E'; });
  return found == messages.end() ? std::string{} : found->sqlstate();
}

void owned_descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

wire_client::wire_client(const endpoint& to, std::chrono::seconds timeout)
    : to_(to), timeout_(timeout), socket_(to.host.starts_with('/') ? connect_unix(to) : connect_tcp(to)) {}

wire_client wire_client::log_in(const endpoint& to, const parameters& startup, const std::string& password,
                                std::chrono::seconds timeout) {
  wire_client made{to, timeout};
  made.send(frontend::startup(startup));
  for (;;) {
    const auto message = made.read();
    wire::cursor in{wire::as_bytes(message.body)};
    switch (message.type) {
      case 'R':
        made.authenticate(message, password);
        break;
      case 'S': {
        const std::string name{in.c_string()};
        made.server_parameters_.emplace_back(name, in.c_string());
        break;
      }
      case 'K':
        made.process_id_ = in.u32();
        made.key_ = wire::as_text(in.rest());
        break;
      case 'E':
        fail("login refused: " + message.sqlstate() + ' ' + message.field('M'));
      case 'Z':
        return made;
      default:
        break;
    }
  }
}

wire_client wire_client::postgres(const endpoint& to, std::chrono::seconds timeout) {
  return log_in(to, {{"user", "postgres"}, {"database", "postgres"}}, "postgres", timeout);
}

void wire_client::authenticate(const backend_message& request, const std::string& password) {
  switch (wire::cursor{wire::as_bytes(request.body)}.u32()) {
    case 0:
      return;
    case 3:
      return send(frontend::password(password));
    case 10:
      return scram(password);
    default:
      fail("the server asks for an authentication that this client does not know");
  }
}

void wire_client::scram(const std::string& password) {
  auth::scram_client scram{.password = password};
  scram.name.clear();  // the server takes the one of the startup packet
  send(frontend::message('p', auth::sasl_initial(scram.first())));
  const auto challenge = read();
  if (challenge.type != 'R') fail("login refused: " + challenge.field('M'));
  send(frontend::message('p', scram.final(std::string_view(challenge.body).substr(4))));
  const auto verdict = read();
  if (verdict.type != 'R') fail("login refused: " + verdict.sqlstate() + ' ' + verdict.field('M'));
}

void wire_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for(socket_, POLLOUT, timeout_)) fail("nothing could be sent within the timeout");
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) fail(std::string("cannot send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void wire_client::send_cut(std::string_view bytes, const std::function<std::size_t()>& next_size) {
  while (!bytes.empty()) {
    const auto piece = std::min(bytes.size(), std::max<std::size_t>(1, next_size()));
    send(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
  }
}

std::vector<backend_message> wire_client::exchange_all(std::string_view bytes, std::size_t ready_count) {
  std::vector<backend_message> all;
  while (ready_count > 0) {
    pollfd one{.fd = socket_, .events = POLLIN, .revents = 0};
    if (!bytes.empty()) one.events = POLLIN | POLLOUT;
    const bool buffered = received_.size() > taken_;
    if (!buffered && ::poll(&one, 1, static_cast<int>(std::chrono::milliseconds{timeout_}.count())) == 0)
      fail("nothing moved within the timeout");
    if (buffered || (one.revents & (POLLIN | POLLHUP)) != 0) {
      all.push_back(read());
      if (all.back().type == 'Z') --ready_count;
      continue;
    }
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
      fail(std::string("cannot send: ") + std::strerror(errno));
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return all;
}

// False: the peer has closed.
bool wire_client::fill() {
  if (taken_ > 0) {
    received_.erase(0, taken_);
    taken_ = 0;
  }
  if (!wait_for(socket_, POLLIN, timeout_)) fail("nothing came within the timeout");
  char part[64 * 1024];
  const auto n = ::recv(socket_, part, sizeof part, 0);
  if (n < 0 && errno != ECONNRESET) fail(std::string("cannot receive: ") + std::strerror(errno));
  if (n <= 0) return false;
  received_.append(part, static_cast<std::size_t>(n));
  return true;
}

std::string wire_client::read_bytes(std::size_t size) {
  while (received_.size() - taken_ < size)
    if (!fill()) fail("the peer closed");
  auto bytes = received_.substr(taken_, size);
  taken_ += size;
  return bytes;
}

backend_message wire_client::read() {
  const auto header = read_bytes(5);
  const auto length = wire::load_u32(wire::as_bytes(header).data() + 1);
  if (length < 4) fail("the peer sent a message with an invalid length");
  return {header[0], read_bytes(length - 4)};
}

std::vector<backend_message> wire_client::read_until_ready() {
  std::vector<backend_message> all;
  do all.push_back(read());
  while (all.back().type != 'Z' && all.back().field('V') != "FATAL");
  return all;
}

std::vector<backend_message> wire_client::read_until(char type) {
  std::vector<backend_message> all;
  do all.push_back(read());
  while (all.back().type != type);
  return all;
}

std::vector<backend_message> wire_client::ask(std::string_view bytes) {
  send(bytes);
  return read_until_ready();
}

std::string wire_client::value(std::string_view sql) {
  const auto answer = ask_sql(sql);
  for (const auto& one : answer)
    if (one.type == 'E') fail(std::string(sql) + ": " + one.sqlstate() + ' ' + one.field('M'));
  const auto found = first_columns(answer);
  if (found.empty()) fail(std::string(sql) + ": no row");
  return found.front();
}

bool wire_client::at_end() { return received_.size() == taken_ && !fill(); }

bool wire_client::has_input(std::chrono::milliseconds wait) {
  return received_.size() > taken_ || wait_for(socket_, POLLIN, wait);
}

void wire_client::cancel() const { send_cancel(to_, process_id_, key_); }

void wire_client::goodbye() {
  send(frontend::terminate());
  abandon();
}

void send_cancel(const endpoint& to, std::uint32_t process_id, std::string_view key) {
  wire_client asking{to};
  asking.send(frontend::cancel_request(process_id, key));
  if (!asking.at_end()) fail("a cancel request was answered");
}

std::string exchange(const endpoint& to, std::string_view bytes) {
  wire_client one{to};
  one.send(bytes);
  std::string all;
  while (!one.at_end()) all += one.read_bytes(1);
  return all;
}

}  // namespace pgweir::test
