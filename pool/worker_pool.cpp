#include "pool/worker_pool.hpp"

#include "metrics/log.hpp"
#include "pool/idle_messages.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::pool {
namespace asio = boost::asio;
namespace {

std::string_view name_of(metrics::close_reason why) {
  switch (why) {
    case metrics::close_reason::lifetime:
      return "server_lifetime reached";
    case metrics::close_reason::idle:
      return "no longer needed";
    case metrics::close_reason::error:
      return "protocol or system error";
    case metrics::close_reason::dirty:
      return "its state is not known to be clean";
    case metrics::close_reason::client:
      return "its client has gone";
    case metrics::close_reason::server:
      return "ended by the server";
    case metrics::close_reason::reload:
      return "configuration changed";
    case metrics::close_reason::replaced:
      return "replaced by one with other startup parameters";
    case metrics::close_reason::outdated:
      return "roles or databases have changed since its login";
  }
  return "unknown";
}

}  // namespace

worker_pool::worker_pool(worker_pool_deps deps)
    : loop_(deps.loop),
      blocking_(deps.blocking),
      worker_(deps.worker),
      shared_(std::move(deps.shared)),
      instruments_(deps.instruments),
      connector_(deps.loop, std::move(deps.server), deps.instruments, *this),
      set_(deps.instruments) {
  shared_->join(worker_, loop_, *this);
}

worker_pool::~worker_pool() { shared_->leave(worker_); }

void worker_pool::acquire(waiter& who, const shared_profile& startup, const std::optional<lane_wish>& wish) {
  if (closing_) {
    who.on_no_backend({"57P01", "the proxy is shutting down", true});
    return;
  }
  retire_outdated();
  // While serve() runs, or backends may be meant for siblings, the order of the line decides.
  const bool order_matters = sharing_ || (serving_ && !line_.empty());
  if (startup->replication.empty()) last_profile_ = startup;
  vacated_ = false;
  if (wish) {
    demand_.note(wish->asked_at);
    if (line_.first_for_lane() == nullptr && seat(who, startup, *wish, !order_matters)) return;
  } else if (startup->replication.empty() && !order_matters && line_.first_for_lease() == nullptr) {
    auto* idle = set_.idle_with(startup, who.session_settings());
    if (idle != nullptr && may_lease(std::chrono::nanoseconds::max())) return grant(who, *idle);
  }
  now_ = io::clock::now();
  refused_ = refusal::none;
  line_.push_back(who, *this, startup, wish, now_.time_since_epoch());
  serve();
}

void worker_pool::give_up(waiter& who) {
  if (!who.is_waiting()) return;
  line_.remove(who);
  // Those behind it may find a place that it had no use for.
  line_.empty() ? announce() : serve();
}

bool worker_pool::has_waiters() const {
  return !line_.empty() || shared_->longest_waiting_elsewhere(worker_).has_value();
}

void worker_pool::take_back(backend& returned) {
  returned.set_user(nullptr);
  if (!line_.empty()) last_lease_end_ = io::clock::now();
  const bool fit =
      returned.is_open() && returned.unsent() == 0 && returned.started_with()->replication.empty();
  if (!fit || closing_)
    return drop(returned, fit ? metrics::close_reason::idle : metrics::close_reason::dirty);
  returned.resume_reading();
  if (returned.cancels_in_flight > 0)
    set_.move(returned, backend_state::being_canceled);
  else
    make_available(returned);
}

void worker_pool::make_available(backend& clean) {
  if (const auto why = reason_to_end(clean)) {
    close(clean, *why);
    serve();
    return;
  }
  clean.idle_since = now_;
  set_.move(clean, backend_state::idle, settings().server_round_robin);
  publish_idle();
  const auto id = clean.id();
  if (!line_.empty() || shared_->longest_waiting_elsewhere(worker_)) serve();
  close_if_in_the_way(id);
}

// An idle backend in a database that commands may want for themselves.
void worker_pool::close_if_in_the_way(std::uint64_t id) {
  auto* here = set_.find(id);
  if (here == nullptr || here->state != backend_state::idle || sharing_) return;
  if (vacated_ || here->in_template_database()) close(*here, metrics::close_reason::idle);
}

void worker_pool::drop(backend& discarded, metrics::close_reason why) {
  discarded.set_user(nullptr);
  if (discarded.state == backend_state::lent) discarded.hang_up();
  close(discarded, why);
  serve();
}

void worker_pool::cancel_query(backend& target, std::shared_ptr<void> until_done) {
  const auto handle = target.server().cancel;
  if (handle == nullptr) return;
  ++target.cancels_in_flight;
  asio::post(blocking_, [this, handle, id = target.id(), held = std::move(until_done)] {
    auto error = handle->send_cancel();
    loop_.poll.post([this, id, error = std::move(error), held] { cancel_done(id, error); });
  });
}

void worker_pool::cancel_done(std::uint64_t id, const std::string& error) {
  if (!error.empty())
    metrics::log::event(metrics::log::level::warning, "cancel request did not reach the server",
                        {{"database", database()}, {"user", user()}, {"reason", error}});
  auto* target = set_.find(id);
  if (target == nullptr || --target->cancels_in_flight > 0) return;
  if (target->state == backend_state::being_canceled) make_available(*target);
}

void worker_pool::hold(backend& target) {
  target.is_held = true;
  ++target.cancels_in_flight;
}

void worker_pool::let_go(std::uint64_t id) { cancel_done(id, {}); }

void worker_pool::on_connected(server_connection made, const shared_profile& startup) {
  auto fresh = std::make_unique<backend>(loop_, std::move(made), startup);
  fresh->set_pool(this);
  fresh->idle_since = now_ = io::clock::now();
  auto& one = set_.add(std::move(fresh), backend_state::idle);
  publish_idle();
  if (closing_ || !one.start()) {
    close(one, closing_ ? metrics::close_reason::idle : metrics::close_reason::error);
    return;
  }
  if (is_outdated(one)) {
    close(one, metrics::close_reason::outdated);
    return serve();
  }
  const auto id = one.id();
  serve();
  // Its waiter has gone, and nobody else may have it.
  auto* here = startup->replication.empty() ? nullptr : set_.find(id);
  if (here != nullptr && here->state == backend_state::idle) close(*here, metrics::close_reason::idle);
  if (startup->replication.empty()) close_if_in_the_way(id);
}

void worker_pool::on_failed(const server_failure& why, const shared_profile& startup) {
  if (startup->replication.empty()) shared_->closed(worker_);
  refused_ = refusal::none;
  if (why.permanent) {
    // Of a database or a user that is not there, for one: the minimum size is not tried for ever.
    if (shared_->open() == 0) last_profile_ = nullptr;
    std::size_t waiting = 0;
    for (auto* one = line_.front(); one != nullptr; one = waiting_line::behind(*one))
      waiting += is_same(waiting_line::profile_of(*one), startup) ? 1 : 0;
    // Those who come meanwhile are not counted: they get an attempt of their own.
    for (; waiting > 0; --waiting) {
      auto* refused = line_.first_wanting(startup);
      if (refused == nullptr) break;
      line_.remove(*refused);
      refused->on_no_backend(why);
    }
  }
  serve();
}

std::size_t worker_pool::on_idle_bytes(backend& idle, std::span<const std::byte> arrived) {
  auto verdict = read_idle_messages(arrived);
  for (const auto& [name, value] : verdict.parameters) idle.note_parameter(name, value);
  if (verdict.usable) return verdict.taken;
  metrics::log::event(metrics::log::level::warning, "server ended an idle connection",
                      {{"database", database()},
                       {"user", user()},
                       {"server_pid", idle.welcome().process_id},
                       {"sqlstate", verdict.sqlstate},
                       {"reason", verdict.reason}});
  if (idle.memory != nullptr && !verdict.sqlstate.empty())
    idle.memory->on_last_words(verdict.sqlstate + ": " + verdict.reason);
  close(idle, metrics::close_reason::server);
  serve();
  return arrived.size();
}

void worker_pool::on_idle_lost(backend& idle, io::io_status why) {
  const auto reason =
      why == io::io_status::closed ? std::string("closed by the server") : idle.stream().error();
  metrics::log::event(metrics::log::level::warning, "idle server connection lost",
                      {{"database", database()},
                       {"user", user()},
                       {"server_pid", idle.welcome().process_id},
                       {"reason", reason}});
  close(idle, metrics::close_reason::server);
  serve();
}

void worker_pool::close(backend& gone, metrics::close_reason why, budget slot) {
  gone.set_user(nullptr);
  instruments_.server_closes[why].add();
  metrics::log::event(metrics::log::level::info, "server connection closed",
                      {{"database", database()},
                       {"user", user()},
                       {"server_pid", gone.welcome().process_id},
                       {"reason", name_of(why)}});
  const bool counted = gone.started_with()->replication.empty();
  auto owned = set_.take_out(gone);
  publish_idle();
  owned->close();
  loop_.poll.retire(std::move(owned));
  if (counted && slot == budget::give_back) shared_->closed(worker_);
}

void worker_pool::tick(io::clock::time_point now) {
  now_ = now;
  refused_ = refusal::none;
  for (auto* one : idle_now()) {
    const policy::idle_facts facts{now - one->connected_at(), now - one->idle_since, shared_->open(),
                                   one->in_template_database()};
    if (const auto why = policy::reason_to_close(facts, settings())) close(*one, *why);
  }
  retire_old_lanes();
  if (closing_) return;
  serve();
  if (last_profile_ == nullptr) return;
  const auto wanted = std::min(settings().min_size, settings().size);
  auto missing = policy::missing_to_minimum(shared_->open(), connector_.under_way().size(),
                                            connector_.is_backing_off(), settings());
  for (; missing > 0 && shared_->try_open(wanted); --missing) connector_.open(last_profile_);
}

void worker_pool::on_vacate(const std::string& name) {
  auto in_the_way = idle_now();
  std::erase_if(in_the_way, [&](const backend* one) { return one->welcome().database != name; });
  if (in_the_way.empty() && database() != name) return;
  last_profile_ = nullptr;
  vacated_ = true;
  for (auto* one : in_the_way) close(*one, metrics::close_reason::idle);
}

void worker_pool::close_all() {
  closing_ = true;
  while (auto* one = line_.front()) {
    line_.remove(*one);
    one->on_no_backend({"57P01", "the proxy is shutting down", true});
  }
  announce();
  while (auto* idle = set_.oldest_idle()) close(*idle, metrics::close_reason::idle);
}

}  // namespace pgweir::pool
