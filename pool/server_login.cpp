#include "pool/server_login.hpp"

#include "metrics/log.hpp"
#include "pool/conninfo.hpp"
#include "pool/resolver.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <libpq-fe.h>

#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::pool {
namespace asio = boost::asio;
namespace log = metrics::log;
namespace {

// ParameterStatus of PostgreSQL 15 to 18; libpq cannot list them.
constexpr const char* reported_parameters[] = {"application_name",
                                               "client_encoding",
                                               "DateStyle",
                                               "default_transaction_read_only",
                                               "in_hot_standby",
                                               "integer_datetimes",
                                               "IntervalStyle",
                                               "is_superuser",
                                               "scram_iterations",
                                               "search_path",
                                               "server_encoding",
                                               "server_version",
                                               "session_authorization",
                                               "standard_conforming_strings",
                                               "TimeZone"};

class connection_owner final : public libpq_owner {
 public:
  explicit connection_owner(PGconn* owned) : connection_(owned) {}
  ~connection_owner() override { PQfinish(connection_); }
  PGconn* get() const { return connection_; }

 private:
  PGconn* connection_;
};

class libpq_cancel final : public cancel_handle {
 public:
  explicit libpq_cancel(PGcancel* owned) : cancel_(owned) {}
  ~libpq_cancel() override { PQfreeCancel(cancel_); }

  std::string send_cancel() const override {
    char error[256] = "";
    return PQcancel(cancel_, error, sizeof error) == 1 ? std::string{} : std::string{error};
  }

 private:
  PGcancel* cancel_;
};

void log_notice(void*, const char* text) {
  std::string_view trimmed{text};
  while (trimmed.ends_with('\n')) trimmed.remove_suffix(1);
  log::event(log::level::info, "server sent a notice at login", {{"notice", trimmed}});
}

struct parsed_conninfo {
  conninfo_values values;
  std::string error;
};

parsed_conninfo parse(const std::string& text) {
  parsed_conninfo parsed;
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(text.c_str(), &error);
  if (options == nullptr) {
    parsed.error = error == nullptr ? "out of memory" : error;
    PQfreemem(error);
    while (parsed.error.ends_with('\n')) parsed.error.pop_back();
    return parsed;
  }
  for (auto* one = options; one->keyword != nullptr; ++one)
    if (one->val != nullptr) parsed.values.insert_or_assign(one->keyword, one->val);
  PQconninfoFree(options);
  return parsed;
}

std::unique_ptr<connection_owner> start(const conninfo_values& values) {
  std::vector<const char*> keywords, texts;
  for (const auto& [keyword, text] : values) {
    keywords.push_back(keyword.c_str());
    texts.push_back(text.c_str());
  }
  keywords.push_back(nullptr);
  texts.push_back(nullptr);
  auto* connection = PQconnectStartParams(keywords.data(), texts.data(), 0);
  if (connection == nullptr) throw std::bad_alloc{};
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(connection, log_notice, nullptr);
  return std::make_unique<connection_owner>(connection);
}

// Shared with the timer's handler, which may come after the login has ended.
struct deadline_guard {
  deadline_guard(const asio::any_io_executor& executor, std::chrono::steady_clock::time_point deadline)
      : socket(executor), timer(executor, deadline) {}

  asio::posix::stream_descriptor socket;  // libpq's; assigned only during a wait
  asio::steady_timer timer;
  bool expired = false;
};

// libpq's descriptor must never be closed by Asio, also when an exception or the end of the loop unwinds the
// login.
class borrowed_socket {
 public:
  borrowed_socket(asio::posix::stream_descriptor& socket, int descriptor) : socket_(socket) {
    socket_.assign(descriptor);
  }
  borrowed_socket(const borrowed_socket&) = delete;
  borrowed_socket& operator=(const borrowed_socket&) = delete;
  ~borrowed_socket() {
    if (socket_.is_open()) socket_.release();
  }

 private:
  asio::posix::stream_descriptor& socket_;
};

void watch(const std::shared_ptr<deadline_guard>& guard) {
  guard->timer.async_wait([guard](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    guard->expired = true;
    boost::system::error_code ignored;
    guard->socket.cancel(ignored);
  });
}

// Polls libpq until it is through. False: the deadline passed.
asio::awaitable<bool> poll_until_done(PGconn* connection, std::shared_ptr<deadline_guard> guard) {
  auto next = PGRES_POLLING_WRITING;
  while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
    if (PQsocket(connection) < 0) break;
    {
      const borrowed_socket borrowed{guard->socket, PQsocket(connection)};
      const auto readiness = next == PGRES_POLLING_READING ? asio::posix::descriptor_base::wait_read
                                                           : asio::posix::descriptor_base::wait_write;
      boost::system::error_code ignored;
      auto token = asio::redirect_error(asio::use_awaitable, ignored);
      co_await guard->socket.async_wait(readiness, token);
    }
    if (guard->expired) co_return false;
    next = PQconnectPoll(connection);
  }
  co_return true;
}

server_failure timeout_failure(const login_request& request, std::string_view where) {
  return {"08001",
          "no login within " + std::to_string(request.timeout.count()) + " ms (server_connect_timeout)" +
              std::string(where),
          false, true};
}

std::string place_of(PGconn* connection) {
  const char* host = PQhost(connection);
  const char* port = PQport(connection);
  if (host == nullptr || *host == '\0') return {};
  return std::string(" at \"") + host + "\", port " + (port == nullptr ? "" : port);
}

server_failure failure_of(PGconn* connection) {
  if (PQconnectionNeedsPassword(connection) == 1)
    return {"28P01",
            "the server asks for a password and pgweir has none: configure the plain password of the user, "
            "or put "
            "user and password into the database's server string",
            true};
  return failure_from(PQerrorMessage(connection));
}

std::optional<server_failure> unfit_for_relay(PGconn* connection) {
  // PQisBusy() takes in whole messages that came behind the greeting; anything but an idle session is unfit.
  if (PQisBusy(connection) == 1 || PQtransactionStatus(connection) != PQTRANS_IDLE)
    return server_failure{"08P01", "the server did not end its greeting in an idle session", false};
  if (PQgssEncInUse(connection) == 1)
    return server_failure{"0A000",
                          "GSS encryption towards the server is not supported: use gssencmode=disable", true};
  return std::nullopt;
}

server_connection hand_out(std::unique_ptr<connection_owner> owner) {
  auto* connection = owner->get();
  server_connection made;
  PQsetnonblocking(connection, 1);  // PQfinish() sends Terminate and must not wait for room
  made.stream =
      io::transport::borrow(PQsocket(connection), static_cast<ssl_st*>(PQsslStruct(connection, "OpenSSL")));
  for (const char* name : reported_parameters)
    if (const char* value = PQparameterStatus(connection, name))
      made.welcome.parameters.emplace_back(name, value);
  made.welcome.process_id = PQbackendPID(connection);
  made.welcome.database = PQdb(connection);
  if (auto* cancel = PQgetCancel(connection)) made.cancel = std::make_shared<libpq_cancel>(cancel);
  made.owner = std::move(owner);
  return made;
}

}  // namespace

asio::awaitable<login_result> log_in(const login_request& request) {
  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  auto parsed = parse(request.conninfo);
  if (!parsed.error.empty()) {
    server_failure invalid{"08001", "invalid connection string: " + parsed.error, true};
    co_return invalid;
  }
  if (parsed.values["gssencmode"] == "require") {
    server_failure refused{
        "0A000", "gssencmode=require is not supported: pgweir cannot read a GSS-encrypted stream", true};
    co_return refused;
  }
  auto values = complete(std::move(parsed.values), request);
  auto resolved = co_await resolve(hosts_of(values), deadline);
  if (resolved.timed_out) co_return timeout_failure(request, ": " + resolved.error);
  if (resolved.hosts.empty() && !resolved.error.empty()) {
    server_failure unknown{"08001", resolved.error, false};
    co_return unknown;
  }
  set_hosts(values, resolved.hosts);

  auto owner = start(values);
  if (PQstatus(owner->get()) == CONNECTION_BAD) co_return failure_of(owner->get());
  const auto executor = co_await asio::this_coro::executor;
  const auto guard = std::make_shared<deadline_guard>(executor, deadline);
  watch(guard);
  const bool in_time = co_await poll_until_done(owner->get(), guard);
  guard->timer.cancel();
  if (!in_time) co_return timeout_failure(request, place_of(owner->get()));
  if (PQstatus(owner->get()) != CONNECTION_OK) co_return failure_of(owner->get());
  if (auto unfit = unfit_for_relay(owner->get())) co_return *unfit;
  co_return hand_out(std::move(owner));
}

std::string check_conninfo(const std::string& conninfo) { return parse(conninfo).error; }

}  // namespace pgweir::pool
