#include "tests/login/login_script.hpp"

#include "proxy/auth/stand_in.hpp"
#include "proxy/wire/error_response.hpp"
#include "proxy/wire/frame.hpp"
#include "proxy/wire/writer.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ostream>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace pgweir::login {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds patience{20};  // only a failing test waits that long

std::string request_packet(std::uint32_t code) {
  std::string bytes;
  wire::writer(bytes).begin_untyped().u32(code).end();
  return bytes;
}

}  // namespace

void PrintTo(delivery how, std::ostream* out) { *out << (how == delivery::whole ? "whole" : "bytewise"); }

login_script::login_script(const config::config& settings, delivery how, bool unix_socket, ssl_ctx_st* tls)
    : stand_in_(auth::stand_in_for_unknown(settings)),
      environment_{settings, stand_in_, keys_, crypto_, tls},
      how_(how) {
  std::signal(SIGPIPE, SIG_IGN);  // as pgweir does: OpenSSL writes without MSG_NOSIGNAL
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0) {
    throw std::runtime_error("cannot make a socket pair");
  }
  client_ = pair[0];
  asio::co_spawn(context_, client_login(pair[1], unix_socket, environment_),
                 [this](const std::exception_ptr& failed, login_result result) {
                   if (failed) std::rethrow_exception(failed);
                   result_ = std::move(result);
                 });
  run();
}

login_script::~login_script() {
  close_client();
  crypto_.join();
}

void login_script::run() {
  context_.restart();
  context_.poll();
}

login_script& login_script::send(std::string_view bytes) {
  const std::size_t step = how_ == delivery::bytewise ? 1 : bytes.size();
  while (!bytes.empty()) {
    const auto sent = ::send(client_, bytes.data(), std::min(step, bytes.size()), MSG_NOSIGNAL);
    run();
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && is_finished()) break;  // the login closed its side
  }
  return *this;
}

login_script& login_script::close_client() {
  if (client_ >= 0) ::close(client_);
  client_ = -1;
  run();
  return *this;
}

void login_script::collect() {
  std::array<char, 4096> chunk;
  for (;;) {
    const auto got = ::recv(client_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return;
    received_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

std::string login_script::receive(std::size_t n) {
  const auto limit = std::chrono::steady_clock::now() + patience;
  for (collect(); received_.size() < n && !is_finished(); collect()) {
    if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("the login sent nothing");
    context_.restart();
    context_.run_one_until(limit);
  }
  collect();
  return std::exchange(received_, {});
}

std::string login_script::receive_authentication() {
  const auto message = receive(wire::header_size + 4);
  return message.size() < wire::header_size + 4 ? std::string() : message.substr(wire::header_size + 4);
}

login_result& login_script::finish() {
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (!is_finished()) {
    if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("the login did not end");
    context_.restart();
    context_.run_one_until(limit);
  }
  return *result_;
}

std::string startup_packet_of(std::string_view parameters, std::uint32_t version) {
  std::string bytes;
  wire::writer(bytes).begin_untyped().u32(version).raw(parameters).end();
  return bytes;
}

std::string password_message(std::string_view body) {
  std::string bytes;
  wire::writer(bytes).begin('p').raw(body).end();
  return bytes;
}

std::string ssl_request_packet() { return request_packet(80877103); }
std::string gssenc_request_packet() { return request_packet(80877104); }

std::string sqlstate_in(std::string_view bytes) {
  auto rest = wire::as_bytes(bytes);
  while (!rest.empty() && (rest.front() == std::byte{'N'} || rest.front() == std::byte{'S'}))
    rest = rest.subspan(1);
  for (;;) {
    const auto [status, header] = wire::read_header(rest);
    if (status != wire::header_status::complete || header.size() > rest.size()) return {};
    if (header.type == 'E') {
      return std::string(wire::find_error_field(rest.subspan(wire::header_size, header.body), 'C'));
    }
    rest = rest.subspan(header.size());
  }
}

}  // namespace pgweir::login
