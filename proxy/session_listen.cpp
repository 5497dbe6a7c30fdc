// The part of a session that listens, see session_listening.hpp.
#include "proxy/core/unit_class.hpp"
#include "proxy/listen/listen_desk.hpp"
#include "proxy/session.hpp"
#include "proxy/session_listening.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::proxy {

using change = core::shared_listening::change;
using own_exchange = core::backend_state::own_exchange;

bool session::is_subscribed() const {
  return listening_ != nullptr && !listening_->channels.served().empty();
}

// The shared connection speaks the encoding that its clients began with.
bool session::shares_listening() const {
  const auto is_encoding = [](const auto& set) { return set.first == "client_encoding"; };
  return pool_.settings().shared_listen && !keeps_backend() &&
         (profile_ == nullptr ||
          std::none_of(profile_->settings.begin(), profile_->settings.end(), is_encoding));
}

// Unless it is certain that the unit leaves no transaction open, and what it runs leaves nothing behind.
bool session::may_touch_channels(std::span<const std::byte> unit) const {
  if (!client_.deferred.is_none()) return true;
  const auto judged = core::classify_unit(client_, unit, host_.texts, host_.catalogue.forcing());
  switch (judged.need) {
    case core::lease_need::none:
    case core::lease_need::writes:
    case core::lease_need::locks_rows:
    case core::lease_need::pipelined:
      return judged.leaves_state;
    default:
      return true;
  }
}

// Unless it is certain that it only reads.
bool session::may_notify(std::span<const std::byte> unit) const {
  switch (lease_reason_) {
    case metrics::lease_reason::unproven:
    case metrics::lease_reason::slow:
    case metrics::lease_reason::large:
      return false;
    case metrics::lease_reason::listens:
      return core::classify_unit(client_, unit, host_.texts, host_.catalogue.forcing()).need !=
             core::lease_need::none;
    default:
      return true;
  }
}

// Whose notifications come from this backend from here on.
void session::note_sender() {
  if (keeps_backend()) return;
  auto& note = memory_of(*lease_).sender;
  if (note == nullptr)
    note = host_.listening.senders().make_note(pool_.database(), lease_->welcome().process_id);
  note->store(process_id_, std::memory_order_relaxed);
}

// Before a transaction, so that its end shows whether they were given up.
void session::listen_again() {
  ask_own(*lease_, wire::sql_to_listen(listening_->channels.served()), core::bookkeeping::adapts);
  memory_of(*lease_).state.own = own_exchange::adapts;
  bound_.listens = true;
}

// `found` is what its own backend listens to.
void session::learn_channels(core::channel_names found, bool own_had_all) {
  if (listening_ == nullptr) {
    if (found.empty() || !shares_listening()) return;
    listening_ = std::make_unique<session_listening>(*this, *client_.notified);
    client_.notified = listening_.get();
  }
  auto& mine = *listening_;
  const auto given_up = mine.channels.found(std::move(found), own_had_all);
  mine.drop_held(given_up);
  if (!shares_listening()) mine.channels.leave_hub();
  if (mine.branch() == nullptr) return;
  mine.branch()->give_up(mine.itself(), given_up);
  if (mine.channels.served().empty() && mine.channels.under_way() == change::none)
    mine.leave();
  else if (mine.channels.under_way() == change::none)
    mine.branch()->want(mine.itself(), {});
}

// Takes the next step, if the backend is quiet. True: it is busy with that, or gone.
bool session::go_on_listening() {
  if (listening_ == nullptr) return false;
  const auto& state = memory_of(*lease_).state;
  const bool is_at_rest = state.is_quiet() && !client_.in_unit && !waits_to_send() &&
                          client_.rest.how == core::passing::none && !lease_->is_draining();
  if (!is_at_rest || state.untold) return false;
  const auto& channels = listening_->channels;
  if (!channels.to_move().empty() && !channels.is_changing()) begin_move();
  if (!lease_) return true;
  if (channels.under_way() == change::granted) {
    set_mark();
    return true;
  }
  if (!channels.to_move().empty()) return false;
  const bool stays = reason_besides_listening().has_value();
  if (bound_.listens && !stays) {
    change_channels(listen_exchange::unlistens, wire::sql_to_unlisten_all);
    return true;
  }
  if (channels.has_marks()) {
    change_channels(listen_exchange::drops_marks, wire::sql_to_unlisten(std::array{channels.mark_channel()}));
    return true;
  }
  if (!bound_.listens && stays && is_subscribed()) {
    listen_again();
    return true;
  }
  return false;
}

// What its own backend alone listens to is to become the hub's; or that backend becomes the hub's, if it is
// the first. Where neither can be, it stays as it is.
void session::begin_move() {
  auto& mine = *listening_;
  if (!shares_listening()) return;
  if (mine.branch() == nullptr) {
    auto* found = host_.listening.find(pool_, *greeting_->startup);
    if (found == nullptr) {
      if (open_hub()) return;
      found = host_.listening.find(pool_, *greeting_->startup);  // another worker was faster
      if (found == nullptr) return;
    }
    mine.enter(*found);
  }
  mine.channels.ask();
  if (mine.branch()->want(mine.itself(), mine.channels.to_move())) mine.channels.grant();
}

bool session::open_hub() {
  auto& mine = *listening_;
  if (reason_besides_listening() || lease_->cancels_in_flight > 0) return false;
  const auto channels = mine.channels.to_move();
  auto* opened = host_.listening.open(pool_, greeting_->startup, lease_, channels);
  if (opened == nullptr) return false;
  unpin();
  enter(phase::idle);
  bound_ = {};
  mine.channels.adopt();
  mine.enter(*opened);
  opened->have(mine.itself(), channels);
  observe_transaction();
  return true;
}

void session::set_mark() {
  auto& mine = *listening_;
  const auto channel = host_.listening.all().mark_channel(mine.branch()->hub());
  auto mark = mine.branch()->begin_mark(mine.itself());
  change_channels(listen_exchange::marks, wire::sql_to_mark(channel, mark));
  mine.channels.begin_mark(channel, std::move(mark));
}

void session::change_channels(listen_exchange what, const std::string& sql) {
  listening_->asked = what;
  ask_own(*lease_, sql, core::bookkeeping::changes_channels);
  memory_of(*lease_).state.own = own_exchange::changes_channels;
}

// What failed is tried again when the client has done something else.
void session::end_listen_exchange() {
  auto& state = memory_of(*lease_).state;
  auto& mine = *listening_;
  state.own = own_exchange::none;
  const bool failed = std::exchange(state.findings, {}).failed;
  const auto asked = std::exchange(mine.asked, listen_exchange::none);
  state.untold = failed;
  switch (asked) {
    case listen_exchange::none:
      break;
    case listen_exchange::marks:
      if (mine.branch() == nullptr) break;
      state.untold = !mine.channels.end_mark();
      if (state.untold)
        mine.branch()->want(mine.itself(), {});
      else
        mine.branch()->end_mark(mine.itself());
      break;
    case listen_exchange::unlistens:
      bound_.listens = failed;
      [[fallthrough]];
    case listen_exchange::drops_marks:
      if (!failed) mine.channels.drop_marks();
      break;
  }
}

void session::owe_ready() { listening_->owe_ready(); }

// As soon as it may be: not inside a transaction, nor between a message and its answer.
void session::tell_held() {
  auto& mine = *listening_;
  const auto* state = lease_ ? &memory_of(*lease_).state : nullptr;
  const bool owes_ready = mine.owes_ready();
  if (owes_ready) {
    const bool is_asking = state != nullptr && (state->own == own_exchange::asks_for_state ||
                                                state->own == own_exchange::told_state);
    if (!mine.may_tell_ready() || is_asking) return;
  } else if (!client_.deferred.is_none() || (state != nullptr && (!state->is_quiet() || client_.in_unit))) {
    return;
  }
  connection_sink client{*this, pool_.instruments().client_sent_bytes};
  mine.tell(client);
  if (mine.is_over()) stop_listening();
  if (owes_ready) offer_kept_bytes();
}

void session::stop_listening() {
  if (listening_ == nullptr) return;
  client_.notified = &host_.listening.names_for(pool_.database());
  listening_.reset();
}

}  // namespace pgweir::proxy
