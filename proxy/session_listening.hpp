// proxy/session_listening.hpp - what a session has that listens: its channels, and what waits to be told to
// its client.
//
// A unit that may look at its channels, or change them, finds them on its own backend (listen_again()); what
// is there afterwards moves to the shared connection (core/shared_listening). A client is told of
// notifications where PostgreSQL would tell it: between its transactions, and at the latest before the
// ReadyForQuery of the unit behind whose end they were committed. Such a ReadyForQuery is therefore held
// until the shared connection, asked after that, has nothing more to say. Owner: the session. Thread rule:
// the worker's thread.
#pragma once

#include "proxy/core/notification_merge.hpp"
#include "proxy/core/shared_listening.hpp"
#include "proxy/listen/listen_branch.hpp"
#include "proxy/wire/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::proxy {

class session;

enum class listen_exchange : std::uint8_t { none, marks, drops_marks, unlistens };

class session_listening final : public core::notification_rules, private subscriber {
 public:
  // `names`: see sender_ids.
  session_listening(session& owner, core::notification_rules& names) : owner_(owner), names_(names) {}
  ~session_listening() { leave(); }

  core::shared_listening channels;

  listen_exchange asked = listen_exchange::none;  // of its own backend, and not answered yet

  listen_branch* branch() const { return branch_; }
  const subscriber& itself() const { return *this; }
  void enter(listen_branch& branch);
  void leave();

  // The client waits for the ReadyForQuery of a unit that has ended.
  bool owes_ready() const { return owes_ready_; }
  void owe_ready();
  // Nothing has to come first.
  bool may_tell_ready() const { return !waits_; }

  void drop_held(const core::channel_names& given_up);
  // All that is held; and that ReadyForQuery.
  void tell(wire::sink& client);

  bool is_over() const { return channels.is_over() && asked == listen_exchange::none && !owes_ready_; }

 private:
  // Bytes for one client, beyond which it is not thought to take them.
  static constexpr std::size_t most_held = 8u << 20;

  bool admit(wire::notification& said) override;
  std::uint64_t subscriber_id() const override;
  void on_hub_listens() override;
  void on_hub_closed() override;
  void on_notification(const std::string& channel, const shared_text& message) override;
  void on_round_trip() override;
  void on_hub_repaired() override;
  void on_hub_lost(const shared_text& last_words) override;
  void hold(core::held_notification what);
  void tell_one(const std::string& message, wire::sink& client);

  session& owner_;
  core::notification_rules& names_;
  listen_branch* branch_ = nullptr;  // of the worker; null: the hub knows nothing of it
  core::held_notifications held_;    // from the hub
  std::vector<core::own_notification> held_own_;
  std::size_t held_bytes_ = 0;
  bool owes_ready_ = false;
  bool waits_ = false;  // for a round trip
};

}  // namespace pgweir::proxy
