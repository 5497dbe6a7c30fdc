#include "proxy/server.hpp"

#include "metrics/exposition.hpp"
#include "metrics/http_server.hpp"
#include "metrics/log.hpp"
#include "proxy/auth/stand_in.hpp"
#include "proxy/login/tls_context.hpp"
#include "proxy/worker.hpp"

#include <boost/asio/signal_set.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/resource.h>

namespace pgweir::proxy {
namespace asio = boost::asio;
namespace log = metrics::log;

namespace {

constexpr std::size_t most_workers = 64;     // the worker's number has to fit a cancel key
constexpr std::size_t blocking_threads = 4;  // PQcancel waits for the server there
constexpr std::size_t crypto_threads = 2;    // PBKDF2

// PostgreSQL and the workers share the machine more often than not; one worker alone serves tens of thousands
// of queries a second.
std::size_t worker_count(const config::config& settings) {
  if (settings.workers != 0) return std::min(settings.workers, most_workers);
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, most_workers);
}

std::string random_name() {
  unsigned char bytes[4];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("OpenSSL has no random bytes");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (const auto byte : bytes) {
    name += digits[byte >> 4];
    name += digits[byte & 15];
  }
  return name;
}

// Each client and each backend takes a descriptor.
void raise_descriptor_limit(std::size_t clients) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < clients + 200)
    log::event(config::log_level::warning, "fewer open files are allowed than limits.clients needs",
               {{"allowed", static_cast<std::int64_t>(limit.rlim_cur)},
                {"clients", static_cast<std::int64_t>(clients)},
                {"hint", "raise the hard limit of open files (ulimit -Hn, LimitNOFILE= in systemd)"}});
}

std::vector<std::vector<listening_socket>> open_sockets(const config::listen_settings& settings,
                                                        std::size_t workers) {
  std::vector<std::vector<listening_socket>> by_worker(workers);
  for (const auto& address : settings.addresses) {
    by_worker[0].push_back(listening_socket::open(address, settings));
    for (std::size_t i = 1; i < workers; ++i)
      by_worker[i].push_back(by_worker[0].back().for_another_worker(settings));
  }
  return by_worker;
}

// A statement is judged once for all pools, so what forces a lease in one of them does so everywhere.
std::vector<std::string> all_session_functions(const config::config& settings) {
  std::vector<std::string> all;
  const auto add = [&all](const config::pool_overrides& from) {
    if (from.session_functions)
      all.insert(all.end(), from.session_functions->begin(), from.session_functions->end());
  };
  add(settings.pool);
  for (const auto& [name, database] : settings.databases) add(database.pool);
  for (const auto& [name, user] : settings.users) add(user.pool);
  return all;
}

}  // namespace

void run_server(const config::config& settings) {
  raise_descriptor_limit(settings.limits.clients);
  const auto workers = worker_count(settings);
  auto sockets = open_sockets(settings.listen, workers);
  const auto tls = login::make_tls_context(settings.listen.tls);

  metrics::registry instruments(workers, settings.metrics.max_pools);
  instruments.set_client_limit(static_cast<std::int64_t>(settings.limits.clients));
  pool::pool_registry pools(settings, instruments, workers);
  core::statement_catalogue catalogue(settings.limits.prepared_memory, random_name(),
                                      wire::session_functions(all_session_functions(settings)));
  client_limits limits(settings);
  sender_ids senders;
  listen_directory hubs(workers, random_name());
  process_directory processes(workers);
  auth::verifier_cache keys;
  const auto stand_in = auth::stand_in_for_unknown(settings);
  asio::thread_pool crypto(crypto_threads);
  asio::thread_pool blocking(blocking_threads);

  process_wide shared{
      .settings = settings,
      .instruments = instruments,
      .pools = pools,
      .catalogue = catalogue,
      .limits = limits,
      .senders = senders,
      .hubs = hubs,
      .processes = processes,
      .login = {.settings = settings, .stand_in = stand_in, .keys = keys, .crypto = crypto, .tls = tls.get()},
      .blocking = blocking,
      .workers = {}};
  for (std::size_t i = 0; i < workers; ++i)
    shared.workers.push_back(std::make_unique<worker>(i, shared, std::move(sockets[i])));

  asio::io_context control{1};
  const metrics::exposition exposition(instruments, PGWEIR_VERSION);
  bool ready = false;
  metrics::http_server http(
      control,
      {.metrics = [&exposition] { return exposition.text(); },
       .ready =
           [&ready] {
             return ready ? metrics::readiness{} : metrics::readiness{false, {"pgweir is shutting down."}};
           }});
  if (!settings.metrics.address.empty()) {
    const auto bound = http.listen(settings.metrics.address);
    if (!bound)
      throw std::runtime_error("cannot serve metrics on \"" + settings.metrics.address +
                               "\": " + bound.error().message() +
                               "; choose another metrics.address, or \"\" for none");
  }

  // Whoever comes from other poolers sends one.
  asio::signal_set reload(control, SIGHUP);
  std::function<void(const boost::system::error_code&, int)> decline_reload =
      [&](const boost::system::error_code& failed, int) {
        if (failed) return;
        log::event(config::log_level::warning,
                   "SIGHUP ignored: restart pgweir to use a changed configuration");
        reload.async_wait(decline_reload);
      };
  reload.async_wait(decline_reload);
  asio::signal_set signals(control, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& failed, int) {
    if (failed) return;
    ready = false;
    reload.cancel();
    log::event(config::log_level::info, "shutting down");
    for (auto& one : shared.workers) one->stop();
    http.stop();
  });

  for (auto& one : shared.workers) one->start();
  asio::post(crypto, [&] { keys.warm(settings); });
  ready = true;
  for (const auto& address : settings.listen.addresses)
    log::event(config::log_level::info, "ready for clients",
               {{"address", address},
                {"workers", static_cast<std::int64_t>(workers)},
                {"metrics", settings.metrics.address},
                {"version", PGWEIR_VERSION}});
  control.run();

  for (auto& one : shared.workers) one->join();
  // Both come back to the workers' loops with what they did.
  crypto.stop();
  crypto.join();
  blocking.join();
  shared.workers.clear();
}

}  // namespace pgweir::proxy
