#include "proxy/session_listening.hpp"

#include "proxy/session.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/response.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

using change = core::shared_listening::change;

void session_listening::enter(listen_branch& branch) {
  branch_ = &branch;
  branch.enter(*this);
}

// There is nothing to wait for any more.
void session_listening::leave() {
  if (branch_ != nullptr) std::exchange(branch_, nullptr)->leave(*this);
  waits_ = false;
}

void session_listening::owe_ready() {
  owes_ready_ = true;
  waits_ = branch_ != nullptr;
  if (waits_) branch_->ask_round_trip(*this);
}

void session_listening::drop_held(const core::channel_names& given_up) {
  const auto is_dropped = [&](const core::held_notification& one) {
    return std::binary_search(given_up.begin(), given_up.end(), one.channel);
  };
  std::erase_if(held_, is_dropped);
  std::erase_if(held_own_, [&](const auto& one) { return is_dropped(one.what); });
}

void session_listening::tell(wire::sink& client) {
  for (const auto& one : core::merge(std::exchange(held_, {}), std::exchange(held_own_, {})))
    tell_one(*one.message, client);
  held_bytes_ = 0;
  channels.told();
  if (!std::exchange(owes_ready_, false)) return;
  std::string message;
  wire::append_ready_for_query(message, 'I');
  client.put(wire::as_bytes(message));
}

// All listeners share the message; only who has sent it may know itself by another number.
void session_listening::tell_one(const std::string& message, wire::sink& client) {
  const auto& itself = owner_.client_.itself;
  const auto said = itself.told != 0 && message.front() == wire::backend::notification_response
                        ? wire::read_notification(wire::as_bytes(message).subspan(wire::header_size))
                        : std::nullopt;
  if (!said || said->process_id != itself.given) return client.put(wire::as_bytes(message));
  std::string renamed;
  wire::append_notification(renamed, {itself.told, said->channel, said->payload});
  client.put(wire::as_bytes(renamed));
}

bool session_listening::admit(wire::notification& said) {
  using bringer = core::shared_listening::bringer;
  const auto by = channels.bringer_of(said);
  if (by == bringer::nobody || !names_.admit(said)) return false;
  if (channels.served().empty()) return true;
  std::string message;
  wire::append_notification(message, said);
  held_bytes_ += message.size();
  held_own_.push_back({{std::string(said.channel), std::make_shared<const std::string>(std::move(message))},
                       by == bringer::hub});
  return false;
}

std::uint64_t session_listening::subscriber_id() const { return owner_.identity().id; }

void session_listening::on_hub_listens() {
  channels.grant();
  owner_.settle();
}

void session_listening::on_hub_closed() {
  leave();
  channels.refuse();
  owner_.settle();
}

void session_listening::on_notification(const std::string& channel, const shared_text& message) {
  hold({channel, message});
}

void session_listening::hold(core::held_notification what) {
  held_bytes_ += what.message->size();
  held_.push_back(std::move(what));
  if (held_bytes_ + owner_.unsent() > most_held) return owner_.end(outcome::client_takes_no_notifications);
  owner_.tell_held();
}

void session_listening::on_round_trip() {
  waits_ = false;
  owner_.tell_held();
}

void session_listening::on_hub_repaired() {
  if (channels.served().empty()) return;
  std::string message;
  wire::append_notice(message,
                      {.severity = "WARNING",
                       .sqlstate = "01000",
                       .message = "notifications may have been lost",
                       .detail = "The server connection through which this session listens was lost; it "
                                 "listens again now.",
                       .hint = ""});
  hold({{}, std::make_shared<const std::string>(std::move(message))});
}

void session_listening::on_hub_lost(const shared_text& last_words) {
  auto& session = owner_;
  leave();
  // Its own backend has all that it listens to.
  if (channels.served().empty() && channels.under_way() != change::marking) {
    channels.refuse();
    return session.settle();
  }
  const bool is_cut = session.lease_ && memory_of(*session.lease_).state.rest.how == core::passing::forward;
  if (last_words == nullptr) return session.end(outcome::server_lost);
  const auto fields = wire::parse_error(wire::as_bytes(*last_words).subspan(wire::header_size));
  if (!is_cut) session.send(wire::as_bytes(*last_words));
  session.end(outcome::server_said_fatal, fields.sqlstate + ": " + fields.message);
}

}  // namespace pgweir::proxy
