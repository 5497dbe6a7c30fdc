// The decisions of worker_pool: who gets which backend, and where the next one comes from.
#include "pool/pool_policy.hpp"
#include "pool/worker_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace pgweir::pool {
namespace asio = boost::asio;
namespace {

// Of the backends with another profile than `wanted` the one that was used longest ago. Null: none.
backend* oldest_of_others(const backend_set::list& idle, const shared_profile& wanted) {
  for (const auto& one : idle)
    if (!is_same(one->started_with(), wanted)) return one.get();
  return nullptr;
}

}  // namespace

// Waiters and idle backends may come and go while it runs, from the callbacks of those who are served.
void worker_pool::serve() {
  if (serving_ || closing_) return;
  serving_ = true;
  retire_outdated();
  announce();
  while (hand_out_one() || seat_one() || secure_one() || reclaim_one()) {
  }
  make_room_for_leases();
  serving_ = false;
  announce();
}

bool worker_pool::hand_out_one() {
  const auto& idle = set_.in(backend_state::idle);
  for (auto at = idle.rbegin(); at != idle.rend(); ++at) {
    auto& offered = **at;
    if (goes_to_sibling(offered)) {
      schedule_sharing();
      continue;
    }
    auto* next = line_.first_wanting(offered.started_with());
    while (next != nullptr && !may_have(*next, offered)) next = waiting_line::behind(*next);
    if (next == nullptr || front_claims(*next)) continue;
    const auto wish = waiting_line::wish_of(*next);
    line_.remove(*next);
    wish ? join(*next, offered, wish->expected, true) : grant(*next, offered);
    return true;
  }
  return false;
}

void worker_pool::grant(waiter& who, backend& given) {
  set_.move(given, backend_state::lent);
  publish_idle();
  instruments_.server_assignments.add();
  who.on_backend(lease{given, *this});
}

bool worker_pool::secure_one() {
  const auto* who = first_uncovered();
  if (who == nullptr) return false;
  if (!waiting_line::profile_of(*who)->replication.empty()) return open_for(*who);
  policy::pool_snapshot now;
  now.max_size = settings().size;
  now.open = shared_->open();
  now.attempts = connector_.under_way().size();
  // One with its profile may be idle, too: left to lanes, or meant for somebody else.
  auto* of_others = oldest_of_others(set_.in(backend_state::idle), waiting_line::profile_of(*who));
  now.idle_here = of_others != nullptr ? 1 : 0;
  now.asking = asking_;
  now.backing_off = connector_.is_backing_off();
  now.may_replace = now.idle_here > 0 && may_replace_for(*who);
  const bool any = now.open >= now.max_size && now.idle_here == 0;
  const auto sibling = shared_->idle_elsewhere(worker_);
  now.idle_elsewhere = sibling && (refused_ == refusal::none || (refused_ == refusal::of_profile && any));
  switch (policy::next_supply(now)) {
    case policy::supply::hand_over:
      asking_ = true;
      refused_ = any ? refusal::of_any : refusal::of_profile;
      shared_->ask(*sibling, worker_, waiting_line::profile_of(*who), any);
      return false;
    case policy::supply::open:
      return open_for(*who);
    case policy::supply::replace:
      close(*of_others, metrics::close_reason::replaced, budget::keep);
      connector_.open(waiting_line::profile_of(*who));
      return true;
    case policy::supply::wait:
      return false;
  }
  return false;
}

bool worker_pool::is_short() const {
  if (shared_->open() < settings().size || !set_.in(backend_state::idle).empty()) return false;
  if (shared_->idle_elsewhere(worker_)) return false;
  return first_uncovered() != nullptr || shared_->is_short_elsewhere(worker_);
}

// From a session that only prefers to keep its own.
bool worker_pool::reclaim_one() {
  if (!shared_->sequences().asks_later() || asking_ || !is_short()) return false;
  for (const auto& one : set_.in(backend_state::lent))
    if (auto* user = one->user(); user != nullptr && user->yield_backend()) return true;
  return false;
}

bool worker_pool::open_for(const waiter& who) {
  const auto& startup = waiting_line::profile_of(who);
  const bool counted = startup->replication.empty();
  if (!counted && (connector_.is_backing_off() || connector_.under_way().size() >= policy::most_attempts))
    return false;
  if (counted && !shared_->try_open(settings().size)) return true;  // a sibling was faster: look again
  connector_.open(startup);
  return true;
}

// The oldest waiter for whom no login is under way. Looks at one waiter more than there are logins, at most.
waiter* worker_pool::first_uncovered() const {
  const auto& logins = connector_.under_way();
  std::vector<bool> spoken_for(logins.size());
  const bool enough_lanes = !may_begin_lane();
  for (auto* one = line_.front(); one != nullptr; one = waiting_line::behind(*one)) {
    if (waiting_line::wish_of(*one) && enough_lanes) continue;
    std::size_t i = 0;
    while (i < logins.size() && (spoken_for[i] || !is_same(logins[i], waiting_line::profile_of(*one)))) ++i;
    if (i == logins.size()) return one;
    spoken_for[i] = true;
  }
  return nullptr;
}

// Whether an older waiter of another profile gets the place of the backend that `next` could use.
bool worker_pool::front_claims(const waiter& next) const {
  if (line_.front() == &next) return false;
  const auto* first = first_uncovered();
  if (first == nullptr || waiting_line::ticket_of(*first) >= waiting_line::ticket_of(next)) return false;
  const bool could_connect =
      !connector_.is_backing_off() && connector_.under_way().size() < policy::most_attempts;
  return could_connect && !asking_ && shared_->open() >= settings().size && may_replace_for(*first);
}

bool worker_pool::may_replace_for(const waiter& who) const {
  const auto waited = io::clock::now().time_since_epoch() - waiting_line::ticket_of(who);
  bool wanted = false;
  for (const auto& idle : set_.in(backend_state::idle))
    wanted = wanted || line_.first_wanting(idle->started_with()) != nullptr;
  return policy::may_change_profile(waited, set_.count_with(waiting_line::profile_of(who)), wanted);
}

bool worker_pool::goes_to_sibling(const backend& idle) const {
  const auto elsewhere = shared_->longest_waiting_elsewhere(worker_);
  if (!elsewhere) return false;
  const auto* own = line_.first_wanting(idle.started_with());
  const auto own_ticket = own == nullptr ? std::nullopt : std::optional{waiting_line::ticket_of(*own)};
  return policy::sibling_goes_first(elsewhere->ticket, own_ticket) &&
         shared_->could_use(elsewhere->worker, idle.started_with());
}

// A backend may be in the midst of delivering bytes now: it can leave this thread only from a task of its
// own.
void worker_pool::schedule_sharing() {
  if (sharing_) return;
  sharing_ = true;
  asio::post(loop_.context, [this, work = io::asio_work(loop_.poll)] { share(); });
}

// One at a time: a sibling that needs more asks for it.
void worker_pool::share() {
  sharing_ = false;
  for (const auto& idle : set_.in(backend_state::idle)) {
    if (!goes_to_sibling(*idle)) continue;
    if (const auto elsewhere = shared_->longest_waiting_elsewhere(worker_))
      hand_over(*idle, elsewhere->worker);
    break;
  }
  serve();
}

void worker_pool::on_asked(std::size_t by, const shared_profile& profile, bool any) {
  auto* given = closing_ ? nullptr : set_.idle_with(profile);
  if (given == nullptr && any && !closing_) given = set_.oldest_idle();
  if (given != nullptr)
    hand_over(*given, by);
  else
    shared_->refuse(by);
}

void worker_pool::hand_over(backend& idle, std::size_t to) {
  if (idle.kept() > 0) {  // in the midst of a message
    close(idle, metrics::close_reason::dirty);
    return shared_->refuse(to);
  }
  auto owned = set_.take_out(idle);
  publish_idle();
  owned->detach();
  owned->set_pool(nullptr);
  shared_->give(to, std::move(owned));
}

void worker_pool::on_wake() {
  auto delivered = shared_->take_delivery(worker_);
  if (delivered.refused || !delivered.backends.empty()) asking_ = false;
  if (!delivered.backends.empty()) refused_ = refusal::none;
  for (auto& arrived : delivered.backends) {
    arrived->attach(loop_);
    arrived->set_pool(this);
    arrived->idle_since = now_;
    auto& one = set_.add(std::move(arrived), backend_state::idle);
    publish_idle();
    if (closing_ || !one.start())
      close(one, closing_ ? metrics::close_reason::idle : metrics::close_reason::error);
    else if (is_outdated(one))
      close(one, metrics::close_reason::outdated);
  }
  serve();
}

void worker_pool::announce() {
  const auto* first = line_.front();
  instruments_.oldest_waiter_started_nanoseconds.set(
      first == nullptr ? 0 : waiting_line::ticket_of(*first).count());
  // A unit has no use for a sibling's backend where there are as many lanes as there may be.
  const auto* oldest = may_begin_lane() ? first : line_.first_for_lease();
  const auto ticket = oldest == nullptr ? std::chrono::nanoseconds{} : waiting_line::ticket_of(*oldest);
  const bool any = oldest != nullptr && shared_->open() >= settings().size && first_uncovered() == oldest;
  if (ticket == announced_ticket_ && any == announced_any_) return;
  announced_ticket_ = ticket;
  announced_any_ = any;
  if (oldest == nullptr)
    shared_->announce(worker_, std::nullopt);
  else
    shared_->announce(worker_, demand{ticket, waiting_line::profile_of(*oldest), any});
  // Theirs may be those that can make room, see reclaim_one().
  if (any && shared_->sequences().asks_later()) shared_->wake_others(worker_);
}

}  // namespace pgweir::pool
