#include "bench/pool_rig.hpp"

#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace pgweir::bench {

pool_session::~pool_session() {
  pool_.give_up(*this);
  held_.release();
}

pool_rig::pool_rig(const std::vector<pool::shared_profile>& profiles) {
  config::pool_settings settings;
  settings.size = profiles.size();
  constexpr std::size_t workers = 2;
  shared_ = std::make_shared<pool::shared_pool>("bench", "bench", settings, workers);
  pool_ = std::make_unique<pool::worker_pool>(
      pool::worker_pool_deps{.loop = loop_,
                             .blocking = blocking_,
                             .worker = 0,
                             .shared = shared_,
                             .server = {},
                             .instruments = metrics_.pool(0, "bench", "bench")});
  for (const auto& one : profiles) add_backend(one);
  context_.poll();
  if (pool_->size() != profiles.size()) throw std::runtime_error("the pool did not take the backends");
}

pool_rig::~pool_rig() {
  pool_.reset();
  for (const int one : far_ends_) ::close(one);
}

void pool_rig::add_backend(const pool::shared_profile& startup) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("socketpair failed");
  far_ends_.push_back(ends[1]);
  pool::server_connection made{.owner = nullptr,
                               .stream = io::transport::own(ends[0]),
                               .welcome = {.parameters = {}, .process_id = 0, .database = "bench"},
                               .cancel = nullptr};
  if (!shared_->try_open(shared_->settings().size)) throw std::runtime_error("the pool is full");
  shared_->give(0, std::make_unique<pool::backend>(loop_, std::move(made), startup));
}

std::vector<pool::shared_profile> different_profiles(std::size_t count) {
  std::vector<pool::shared_profile> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(std::make_shared<pool::profile>(pool::profile{
        .options = {},
        .settings = {{"client_encoding", "UTF8"}, {"search_path", "tenant_" + std::to_string(i)}},
        .replication = {}}));
  return made;
}

}  // namespace pgweir::bench
