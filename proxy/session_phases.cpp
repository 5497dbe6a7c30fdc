// The part of a session that knows its phases: how long each may last, what happens then, and how they are
// counted.
#include "proxy/session.hpp"

namespace pgweir::proxy {

using std::chrono::milliseconds;

namespace {

// For a cancel request to take effect, before the client is given up.
constexpr milliseconds time_to_cancel{5000};

}  // namespace

// In session mode, and pinned, a client has its backend outside transactions, too.
bool session::in_transaction() const {
  return !lease_ || client_.in_unit || memory_of(*lease_).state.transaction != 'I';
}

void session::on_timeout() {
  switch (phase_) {
    case phase::login: {
      pool_.give_up(*this);
      observe_wait(metrics::wait_outcome::timeout);
      const auto& failure = pool_.last_failure();
      return failure ? end(outcome::server_refused, failure->message) : end(outcome::login_waited_too_long);
    }
    case phase::waiting: {
      pool_.give_up(*this);
      observe_wait(metrics::wait_outcome::timeout);
      if (place_.is_waiting()) {
        rest();
        return refuse_unit(error_of(outcome::unit_pins_too_many, "It waited for query_wait_timeout."));
      }
      const auto& failure = pool_.last_failure();
      rest();
      return refuse_unit(
          error_of(outcome::unit_waited_too_long,
                   failure ? "The last attempt to connect to the server failed: " + failure->message
                           : "All " + std::to_string(pool_.settings().size) +
                                 " server connections of the pool are in use."));
    }
    case phase::queued:
      std::exchange(lane_, nullptr)->leave(*this);
      observe_wait(metrics::wait_outcome::timeout);
      enter(phase::idle);
      return refuse_unit(error_of(outcome::unit_waited_too_long,
                                  "It was queued behind another query on a shared server connection."));
    case phase::active:
      if (overdue_) return end(outcome::unit_ran_too_long);
      if (lane_ != nullptr && !lane_->serves_alone(*this)) return cancel(nullptr);
      overdue_ = true;
      if (lane_ != nullptr)
        lane_->cancel_head(nullptr);
      else
        pool_.cancel_query(*lease_);
      return on().timer.arm(*this, io::clock::now() + time_to_cancel);
    case phase::idle:
      return end(outcome::client_idle_too_long);
    case phase::begun:
      return end(outcome::client_idle_in_transaction);
    case phase::idle_in_transaction:
      if (in_transaction()) return end(outcome::client_idle_in_transaction);
      return end((is_bound() || keeps_sequences()) && pool_.settings().pin_idle_timeout.count() > 0
                     ? outcome::client_pins_too_long
                     : outcome::client_idle_too_long);
    case phase::leaving:
      return end(outcome::client_terminated);
    case phase::ended:
      return;
  }
}

milliseconds session::timeout_of(phase in) const {
  const auto& settings = pool_.settings();
  switch (in) {
    case phase::login:
    case phase::waiting:
    case phase::queued:
      return settings.query_wait_timeout;
    case phase::active:
      return greeting_->startup->replication.empty() ? settings.query_timeout : milliseconds{0};
    case phase::idle:
      return settings.client_idle_timeout;
    case phase::begun:
      return settings.idle_transaction_timeout;
    case phase::idle_in_transaction:
      if (in_transaction()) return settings.idle_transaction_timeout;
      return (is_bound() || keeps_sequences()) && settings.pin_idle_timeout.count() > 0
                 ? settings.pin_idle_timeout
                 : settings.client_idle_timeout;
    case phase::leaving:
      return settings.query_timeout;
    case phase::ended:
      break;
  }
  return milliseconds{0};
}

metrics::client_state session::gauge_of(phase in) {
  switch (in) {
    case phase::login:
      return metrics::client_state::login;
    case phase::waiting:
    case phase::queued:
      return metrics::client_state::waiting;
    case phase::active:
    case phase::leaving:
      return metrics::client_state::active;
    case phase::begun:
    case phase::idle_in_transaction:
      return metrics::client_state::idle_in_transaction;
    case phase::idle:
    case phase::ended:
      break;
  }
  return metrics::client_state::idle;
}

void session::enter(phase next) {
  if (next == phase_) return;
  auto& counts = pool_.instruments();
  auto& clients = counts.clients;
  if (phase_ == phase::idle_in_transaction) {
    count_server_idle(-1);
    const auto idle = io::clock::now() - unit_since_;
    counts.transaction_idle_nanoseconds.add(static_cast<std::uint64_t>(idle.count()));
  }
  if (next == phase::idle_in_transaction) count_server_idle(1);
  if (next == phase::idle || next == phase::begun || next == phase::ended) place_.leave();
  if (phase_ != phase::ended) clients[gauge_of(phase_)].add(-1);
  if (next != phase::ended) clients[gauge_of(next)].add(1);
  phase_ = next;
  overdue_ = false;
  const auto limit = timeout_of(next);
  if (limit.count() > 0)
    on().timer.arm(*this, io::clock::now() + limit);
  else if (is_armed())
    on().timer.cancel(*this);
}

// The pool counts a lent backend as active.
void session::count_server_idle(int step) {
  auto& servers = pool_.instruments().servers;
  servers[metrics::server_state::active].add(-step);
  servers[metrics::server_state::idle_in_transaction].add(step);
}

}  // namespace pgweir::proxy
