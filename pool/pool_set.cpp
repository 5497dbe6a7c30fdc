#include "pool/pool_set.hpp"

#include <boost/asio/io_context.hpp>

namespace pgweir::pool {
namespace {

// libpq can use a plain secret only; a SCRAM verifier or an MD5 hash says nothing about the password.
std::string libpq_password(const std::string& secret) {
  const bool is_hash =
      secret.starts_with("SCRAM-SHA-256$") || (secret.size() == 35 && secret.starts_with("md5"));
  return is_hash ? std::string{} : secret;
}

}  // namespace

pool_set::pool_set(io::loop& loop, std::size_t worker, pool_registry& registry,
                   boost::asio::thread_pool& blocking)
    : loop_(loop), worker_(worker), registry_(registry), blocking_(blocking), timer_(loop.context) {}

pool& pool_set::get(std::string_view database, std::string_view user) {
  std::pair key{std::string(database), std::string(user)};
  const auto found = pools_.find(key);
  if (found != pools_.end()) return *found->second;

  auto shared = registry_.get(database, user);
  const auto& configuration = registry_.configuration();
  login_request server;
  server.conninfo = config::find_database(configuration, database)->server;
  server.database = database;
  server.user = user;
  server.password = libpq_password(config::find_user(configuration, user)->secret);
  server.timeout = shared->settings().server_connect_timeout;
  auto made = std::make_unique<worker_pool>(
      worker_pool_deps{loop_, blocking_, worker_, std::move(shared), std::move(server),
                       registry_.instruments().pool(worker_, database, user)});
  auto& result = *made;
  if (pools_.empty()) schedule_tick();
  pools_.emplace(std::move(key), std::move(made));
  return result;
}

void pool_set::schedule_tick() {
  timer_.expires_after(tick_interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || closing_) return;
    tick(io::clock::now());
    schedule_tick();
  });
}

void pool_set::tick(io::clock::time_point now) {
  for (auto& [key, one] : pools_) one->tick(now);
  profiles_.forget_unused();
}

void pool_set::close_all() {
  closing_ = true;
  timer_.cancel();
  for (auto& [key, one] : pools_) one->close_all();
}

std::size_t pool_set::open_backends() const {
  std::size_t open = 0;
  for (const auto& [key, one] : pools_) open += one->size();
  return open;
}

}  // namespace pgweir::pool
