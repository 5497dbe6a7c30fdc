#include "pool/shared_pool.hpp"

#include <utility>

namespace pgweir::pool {

shared_pool::shared_pool(std::string database, std::string user, const config::pool_settings& settings,
                         std::size_t workers)
    : database_(std::move(database)),
      user_(std::move(user)),
      settings_(settings),
      pins_(settings.max_pinned) {
  for (std::size_t i = 0; i < workers; ++i) seats_.push_back(std::make_unique<seat>());
}

shared_pool::~shared_pool() = default;

void shared_pool::join(std::size_t worker, io::loop& loop, pool_sibling& member) {
  auto& mine = *seats_[worker];
  const std::lock_guard lock{mine.mutex};
  mine.loop = &loop;
  mine.member = &member;
}

void shared_pool::leave(std::size_t worker) {
  auto& mine = *seats_[worker];
  mine.idle.store(0);
  mine.oldest_ticket.store(0);
  const std::lock_guard lock{mine.mutex};
  mine.loop = nullptr;
  mine.member = nullptr;
  mine.oldest.reset();
}

bool shared_pool::try_open(std::size_t limit) {
  auto now = open_.load();
  while (now < limit)
    if (open_.compare_exchange_weak(now, now + 1)) return true;
  return false;
}

void shared_pool::closed(std::size_t by) {
  open_.fetch_sub(1);
  if (const auto waiting = longest_waiting_elsewhere(by)) wake(waiting->worker);
}

std::optional<std::size_t> shared_pool::idle_elsewhere(std::size_t worker) const {
  for (std::size_t i = 1; i < seats_.size(); ++i) {
    const auto other = (worker + i) % seats_.size();
    if (seats_[other]->idle.load() > 0) return other;
  }
  return std::nullopt;
}

void shared_pool::announce(std::size_t worker, std::optional<demand> oldest) {
  auto& mine = *seats_[worker];
  const auto ticket = oldest ? oldest->ticket.count() : 0;
  {
    const std::lock_guard lock{mine.mutex};
    mine.oldest = std::move(oldest);
  }
  mine.oldest_ticket.store(ticket);
}

std::optional<shared_pool::elsewhere> shared_pool::longest_waiting_elsewhere(std::size_t worker) const {
  std::optional<elsewhere> longest;
  for (std::size_t other = 0; other < seats_.size(); ++other) {
    if (other == worker) continue;
    const std::chrono::nanoseconds ticket{seats_[other]->oldest_ticket.load()};
    if (ticket.count() != 0 && (!longest || ticket < longest->ticket)) longest = elsewhere{other, ticket};
  }
  return longest;
}

bool shared_pool::is_short_elsewhere(std::size_t worker) const {
  for (std::size_t other = 0; other < seats_.size(); ++other) {
    if (other == worker || seats_[other]->oldest_ticket.load() == 0) continue;
    const std::lock_guard lock{seats_[other]->mutex};
    if (seats_[other]->oldest && seats_[other]->oldest->any) return true;
  }
  return false;
}

bool shared_pool::could_use(std::size_t worker, const shared_profile& offered) const {
  auto& theirs = *seats_[worker];
  const std::lock_guard lock{theirs.mutex};
  return theirs.oldest && (theirs.oldest->any || is_same(theirs.oldest->profile, offered));
}

void shared_pool::ask(std::size_t from, std::size_t by, const shared_profile& profile, bool any) {
  auto& theirs = *seats_[from];
  {
    const std::lock_guard lock{theirs.mutex};
    if (auto* member = theirs.member) {
      theirs.loop->poll.post([member, by, profile, any] { member->on_asked(by, profile, any); });
      return;
    }
  }
  refuse(by);
}

void shared_pool::wake_others(std::size_t worker) {
  for (std::size_t other = 0; other < seats_.size(); ++other)
    if (other != worker) wake(other);
}

void shared_pool::vacate(const std::shared_ptr<const std::string>& database) {
  for (auto& one : seats_) {
    const std::lock_guard lock{one->mutex};
    auto* member = one->member;
    if (member == nullptr) continue;
    one->loop->poll.post([member, database] { member->on_vacate(*database); });
  }
}

void shared_pool::note_login_change(io::clock::time_point at) {
  logins_changed_at_.store(at);
  for (std::size_t i = 0; i < seats_.size(); ++i) wake(i);
}

void shared_pool::give(std::size_t to, std::unique_ptr<backend> detached) {
  {
    const std::lock_guard lock{seats_[to]->mutex};
    seats_[to]->delivered.backends.push_back(std::move(detached));
  }
  wake(to);
}

void shared_pool::refuse(std::size_t to) {
  {
    const std::lock_guard lock{seats_[to]->mutex};
    seats_[to]->delivered.refused = true;
  }
  wake(to);
}

delivery shared_pool::take_delivery(std::size_t worker) {
  const std::lock_guard lock{seats_[worker]->mutex};
  return std::exchange(seats_[worker]->delivered, {});
}

void shared_pool::wake(std::size_t worker) {
  auto& theirs = *seats_[worker];
  const std::lock_guard lock{theirs.mutex};
  auto* member = theirs.member;
  if (member == nullptr) return;
  theirs.loop->poll.post([member] { member->on_wake(); });
}

}  // namespace pgweir::pool
