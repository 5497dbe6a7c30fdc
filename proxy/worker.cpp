#include "proxy/worker.hpp"

#include "metrics/log.hpp"
#include "proxy/log_failure.hpp"
#include "proxy/peer.hpp"
#include "proxy/wire/error_response.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace pgweir::proxy {
namespace asio = boost::asio;

worker::worker(std::size_t index, process_wide& shared, std::vector<listening_socket> sockets)
    : session_host(shared.catalogue, resets_, listening_, processes_, shared.settings.log.connections),
      index_(index),
      shared_(shared),
      instruments_(shared.instruments.worker(index)),
      work_(asio::make_work_guard(context_)),
      loop_(context_),
      pools_(loop_, index, shared.pools, shared.blocking),
      listening_(shared.hubs, index, loop_, shared.senders, resets_, shared.catalogue.prefix()),
      processes_(shared.processes, index, loop_, sessions_),
      greetings_(pools_),
      sessions_(index),
      sockets_(std::move(sockets)),
      second_timer_(context_) {}

worker::~worker() { join(); }

void worker::start() {
  for (auto& socket : sockets_)
    listeners_.push_back(
        std::make_unique<listener>(loop_, std::move(socket), static_cast<connection_taker&>(*this)));
  sockets_.clear();
  asio::co_spawn(context_, each_second(),
                 log_failure{"gauges are not updated, and texts not renewed, any more"});
  thread_ = std::thread([this] { context_.run(); });
}

// What has no event of its own to be counted, or done, at.
asio::awaitable<void> worker::each_second() {
  constexpr unsigned text_lifetime = 60;
  for (unsigned second = 1; !stopping_; ++second) {
    if (second % text_lifetime == 0) texts.renew();
    instruments_.buffer_bytes.set(static_cast<std::int64_t>(loop_.buffers.lent_bytes()));
    if (index_ == 0) {
      instruments_.prepared_statements.set(static_cast<std::int64_t>(shared_.catalogue.size()));
      instruments_.prepared_bytes.set(static_cast<std::int64_t>(shared_.catalogue.bytes()));
    }
    second_timer_.expires_after(std::chrono::seconds{1});
    const auto [cancelled] = co_await second_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) co_return;
  }
}

void worker::stop() {
  post([this] {
    stopping_ = true;
    listeners_.clear();
    second_timer_.cancel();
    sessions_.end_all(outcome::shutting_down);
    pools_.close_all();
    work_.reset();
    // What is left (logins under way, timers) ends with the loop. One more turn, so that what was sent is
    // out.
    asio::post(context_, [this] { asio::post(context_, [this] { context_.stop(); }); });
  });
}

void worker::join() {
  if (thread_.joinable()) thread_.join();
}

void worker::on_connection(int descriptor, const sockaddr_storage& from) {
  asio::co_spawn(context_, log_in(descriptor, from, io::asio_work(loop_.poll)),
                 log_failure{"a login failed unexpectedly"});
}

asio::awaitable<void> worker::log_in(int descriptor, sockaddr_storage from, io::asio_work) {
  instruments_.clients_in_login.add(1);
  auto result = co_await login::client_login(descriptor, from.ss_family == AF_UNIX, shared_.login);
  instruments_.clients_in_login.add(-1);
  if (result.outcome == login::login_outcome::cancel_requested) {
    pass_on(*result.cancel, std::move(result.transport));
    co_return;
  }
  auto& by_outcome = instruments_.client_login[static_cast<std::size_t>(login::metric_of(result.method))];
  by_outcome[login::metric_of(result.outcome)].observe(result.elapsed);
  if (result.outcome == login::login_outcome::authenticated) {
    admit(result);
    co_return;
  }
  if (result.outcome == login::login_outcome::disconnected && result.startup.user.empty()) co_return;
  metrics::log::event(config::log_level::warning, "login failed",
                      {{"client", peer_name(from)},
                       {"user", result.startup.user},
                       {"database", result.startup.database},
                       {"sqlstate", result.sqlstate},
                       {"reason", result.detail}});
}

namespace {

// As PostgreSQL keeps it: what is not printable ASCII becomes a question mark.
std::string application_name_of(const wire::startup_message& startup) {
  const auto named = std::find_if(startup.parameters.begin(), startup.parameters.end(),
                                  [](const auto& one) { return one.first == "application_name"; });
  auto name = named == startup.parameters.end() ? std::string{} : named->second.substr(0, wire::max_name);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace

void worker::admit(login::login_result& who) {
  const auto& startup = who.startup;
  if (stopping_) return refuse(who, outcome::shutting_down, {});
  if (auto full = shared_.limits.enter(startup.database, startup.user))
    return refuse(who, outcome::client_limit_reached, *full);
  auto& served = pools_.get(startup.database, startup.user);
  session_host& host = *this;
  auto& made = sessions_.add(std::make_unique<session>(loop_, std::move(who.transport), host, served,
                                                       greetings_.of(served, startup),
                                                       application_name_of(startup), sessions_.reserve()));
  made.begin(who.early_bytes);
}

void worker::refuse(login::login_result& who, outcome why, std::string_view detail) {
  std::string message;
  wire::append_error(message, error_of(why, detail));
  who.transport.write(wire::as_bytes(message));
  metrics::log::event(row_of(why).level, "client refused",
                      {{"client", peer_name(who.transport.descriptor())},
                       {"database", who.startup.database},
                       {"user", who.startup.user},
                       {"reason", row_of(why).label},
                       {"detail", detail}});
  who.transport.close();
}

void worker::on_session_end(session& ended) {
  shared_.limits.leave(ended.served_by().database(), ended.served_by().user());
  loop_.poll.retire(sessions_.remove(ended));
}

void worker::vacate(const std::string& database) { shared_.pools.vacate(database); }

void worker::note_login_change() { shared_.pools.note_login_change(); }

cancel_key worker::give_key(const session& to, std::int32_t server_process_id) {
  return sessions_.give_key(to, server_process_id);
}

void worker::pass_on(const wire::cancel_request& request, io::transport asked_on) {
  if (request.key.size() != sizeof(std::int32_t)) return instruments_.unknown_cancel_keys.add();
  const cancel_key key{static_cast<std::int32_t>(request.process_id),
                       static_cast<std::int32_t>(wire::load_u32(wire::as_bytes(request.key).data()))};
  const auto count = shared_.workers.size();
  auto& first = *shared_.workers[cancel_keys::worker_of(key) % count];
  auto held = std::make_shared<io::transport>(std::move(asked_on));
  first.post([&first, key, held, count] { first.cancel(key, held, count - 1); });
}

void worker::cancel(const cancel_key& key, std::shared_ptr<void> asked_on, std::size_t others) {
  if (auto* found = sessions_.find(key); found != nullptr) return found->cancel(std::move(asked_on));
  if (others == 0) return instruments_.unknown_cancel_keys.add();
  auto& next = *shared_.workers[(index_ + 1) % shared_.workers.size()];
  next.post([&next, key, asked_on, others] { next.cancel(key, asked_on, others - 1); });
}

}  // namespace pgweir::proxy
