#include "proxy/listen/listen_branch.hpp"

#include "proxy/listen/listen_desk.hpp"
#include "proxy/listen/listen_hub.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

void listen_branch::enter(subscriber& who) {
  if (members_.emplace(who.subscriber_id(), member{.who = &who}).second) instruments_.listeners.add(1);
}

void listen_branch::leave(subscriber& who) {
  const auto at = members_.find(who.subscriber_id());
  if (at == members_.end()) return;
  auto gone = std::move(at->second);
  members_.erase(at);
  forget_mark(gone);
  for (const auto& [mark, channels] : gone.due) {
    marks_.erase(mark);
    gone.wanted.insert(gone.wanted.end(), channels.begin(), channels.end());
  }
  instruments_.listeners.add(-1);
  for (const auto& channel : gone.had) served_.remove(channel, who.subscriber_id());
  auto all = gone.had;
  all.insert(all.end(), gone.wanted.begin(), gone.wanted.end());
  let_go(all, who.subscriber_id());
}

bool listen_branch::want(const subscriber& who, const std::vector<std::string>& channels) {
  auto& mine = members_.at(who.subscriber_id());
  forget_mark(mine);
  const auto before = std::exchange(mine.wanted, channels);
  std::vector<std::string> more;
  for (const auto& channel : channels)
    if (kept_.add(channel, who.subscriber_id())) more.push_back(channel);
  std::vector<std::string> less;
  for (const auto& channel : before)
    if (std::find(channels.begin(), channels.end(), channel) == channels.end()) less.push_back(channel);
  let_go(less, who.subscriber_id());
  if (!more.empty()) {
    ++last_request_;
    for (const auto& channel : more) requests_[channel] = last_request_;
    all_.post(hub_.home, [hub = hub_.id, worker = worker_, more, request = last_request_](listen_desk& home) {
      home.ask_hub(hub, worker, more, request);
    });
  }
  mine.told = is_listened_to(channels);
  return mine.told;
}

void listen_branch::have(const subscriber& who, const std::vector<std::string>& channels) {
  last_request_ = first_request;
  for (const auto& channel : channels) {
    kept_.add(channel, who.subscriber_id());
    requests_[channel] = first_request;
  }
  auto& mine = members_.at(who.subscriber_id());
  take_over(who.subscriber_id(), mine, channels);
}

void listen_branch::give_up(const subscriber& who, const std::vector<std::string>& channels) {
  auto& mine = members_.at(who.subscriber_id());
  for (const auto& channel : channels) {
    std::erase(mine.had, channel);
    std::erase(mine.wanted, channel);
    for (auto& [mark, wanted] : mine.due) std::erase(wanted, channel);
    served_.remove(channel, who.subscriber_id());
  }
  let_go(channels, who.subscriber_id());
}

void listen_branch::let_go(const std::vector<std::string>& channels, id who) {
  std::vector<std::string> unused;
  for (const auto& channel : channels)
    if (kept_.remove(channel, who)) {
      requests_.erase(channel);
      unused.push_back(channel);
    }
  if (unused.empty()) return;
  all_.post(hub_.home, [hub = hub_.id, worker = worker_, unused](listen_desk& home) {
    if (auto* one = home.hub(hub); one != nullptr) one->give_up(worker, unused);
  });
}

bool listen_branch::is_listened_to(const std::vector<std::string>& channels) const {
  return std::all_of(channels.begin(), channels.end(), [&](const std::string& channel) {
    const auto at = requests_.find(channel);
    return at != requests_.end() && at->second <= answered_request_;
  });
}

void listen_branch::ask_round_trip(const subscriber& who) {
  members_.at(who.subscriber_id()).round_trip = trips_.ask();
  in_line_.push_back(who.subscriber_id());
  begin_round_trip();
}

void listen_branch::begin_round_trip() {
  if (!trips_.begin()) return;
  all_.post(hub_.home, [hub = hub_.id, worker = worker_](listen_desk& home) {
    if (auto* one = home.hub(hub); one != nullptr) one->make_round_trip(worker);
  });
}

void listen_branch::on_event(const hub_event& said) {
  switch (said.what) {
    case hub_event::kind::notified:
      return tell_notification(said);
    case hub_event::kind::marked:
      return take_mark(said.number);
    case hub_event::kind::listens:
      return tell_listening(said.number);
    case hub_event::kind::round_trip:
      return tell_round_trip();
    case hub_event::kind::repaired:
    case hub_event::kind::lost:
    case hub_event::kind::closed:
      return tell_all(said);
  }
}

// Who has left meanwhile is not found; who comes meanwhile is not told.
void listen_branch::tell_notification(const hub_event& said) {
  const auto all = served_.subscribers(said.channel);
  for (const auto one : all)
    if (auto* who = find(one); who != nullptr) {
      instruments_.notifications.add();
      who->on_notification(said.channel, said.text);
    }
}

std::string listen_branch::begin_mark(const subscriber& who) {
  auto& mine = members_.at(who.subscriber_id());
  forget_mark(mine);
  mine.mark = ++last_mark_;
  marks_.emplace(mine.mark, who.subscriber_id());
  return listen_hub::mark_of(worker_, mine.mark);
}

// The hub may have seen it already.
void listen_branch::end_mark(const subscriber& who) {
  auto& mine = members_.at(who.subscriber_id());
  const auto mark = std::exchange(mine.mark, 0);
  if (mark == 0) return;
  auto channels = std::exchange(mine.wanted, {});
  if (mark > lost_up_to_) {
    mine.due.emplace(mark, std::move(channels));
    return;
  }
  marks_.erase(mark);
  take_over(who.subscriber_id(), mine, std::move(channels));
}

void listen_branch::take_mark(std::uint64_t mark) {
  const auto at = marks_.find(mark);
  if (at == marks_.end()) return;
  const auto who = at->second;
  marks_.erase(at);
  auto& mine = members_.at(who);
  if (auto due = mine.due.extract(mark); !due.empty()) return take_over(who, mine, std::move(due.mapped()));
  mine.mark = 0;
  take_over(who, mine, std::exchange(mine.wanted, {}));
}

// What the hub's lost connection had not brought yet never comes.
void listen_branch::take_lost_marks() {
  lost_up_to_ = last_mark_;
  for (auto& [who, mine] : members_)
    for (auto& [mark, channels] : std::exchange(mine.due, {})) {
      marks_.erase(mark);
      take_over(who, mine, channels);
    }
}

void listen_branch::forget_mark(member& mine) {
  if (mine.mark != 0) marks_.erase(mine.mark);
  mine.mark = 0;
}

void listen_branch::take_over(id who, member& mine, std::vector<std::string> channels) {
  for (auto& channel : channels) {
    served_.add(channel, who);
    mine.had.push_back(std::move(channel));
  }
}

void listen_branch::tell_listening(std::uint64_t request) {
  answered_request_ = std::max(answered_request_, request);
  for (const auto one : everybody()) {
    const auto at = members_.find(one);
    if (at == members_.end() || at->second.told || !is_listened_to(at->second.wanted)) continue;
    at->second.told = true;
    at->second.who->on_hub_listens();
  }
}

void listen_branch::tell_round_trip() {
  const auto served = trips_.end();
  for (const auto one : std::exchange(in_line_, {})) {
    const auto at = members_.find(one);
    if (at == members_.end() || at->second.round_trip == 0) continue;
    if (at->second.round_trip > served) {
      in_line_.push_back(one);
      continue;
    }
    at->second.round_trip = 0;
    at->second.who->on_round_trip();
  }
  begin_round_trip();
}

void listen_branch::tell_all(const hub_event& said) {
  closed_ = said.what != hub_event::kind::repaired;
  if (!closed_) take_lost_marks();
  for (const auto one : everybody()) {
    auto* who = find(one);
    if (who == nullptr) continue;
    if (said.what == hub_event::kind::repaired) who->on_hub_repaired();
    if (said.what == hub_event::kind::lost) who->on_hub_lost(said.text);
    if (said.what == hub_event::kind::closed) who->on_hub_closed();
  }
}

subscriber* listen_branch::find(id who) const {
  const auto at = members_.find(who);
  return at == members_.end() ? nullptr : at->second.who;
}

std::vector<listen_branch::id> listen_branch::everybody() const {
  std::vector<id> all;
  for (const auto& [one, known] : members_) all.push_back(one);
  return all;
}

}  // namespace pgweir::proxy
