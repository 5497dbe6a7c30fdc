// proxy/listen/listen_branch.hpp - the sessions of one worker that listen through one hub: who of them gets
// which notification, and what the hub is asked for.
//
// A channel is wanted before it is had: the hub has to listen first, and only what comes to it behind the
// session's mark is the session's (core/shared_listening). Owner: the worker's listen_desk. Thread rule: the
// worker's thread.
#pragma once

#include "metrics/instruments.hpp"
#include "proxy/core/channel_table.hpp"
#include "proxy/core/round_trips.hpp"
#include "proxy/listen/hub_event.hpp"
#include "proxy/listen/listen_directory.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// A session's side. It may leave, and end, in any of these calls.
class subscriber {
 public:
  virtual std::uint64_t subscriber_id() const = 0;  // unique in the process
  // The hub listens to all that it wants.
  virtual void on_hub_listens() = 0;
  // The hub has gone before it listened to that.
  virtual void on_hub_closed() = 0;
  virtual void on_notification(const std::string& channel, const shared_text& message) = 0;
  virtual void on_round_trip() = 0;
  virtual void on_hub_repaired() = 0;
  virtual void on_hub_lost(const shared_text& last_words) = 0;

 protected:
  ~subscriber() = default;
};

class listen_branch {
 public:
  listen_branch(listen_directory& all, std::size_t worker, hub_place hub,
                metrics::pool_instruments& instruments)
      : all_(all), worker_(worker), hub_(hub), instruments_(instruments) {}

  void enter(subscriber& who);
  void leave(subscriber& who);

  // These are all that `who` wants. True: the hub listens to them already; else on_hub_listens() follows.
  bool want(const subscriber& who, const std::vector<std::string>& channels);
  // It has them at once, with the hub that has just begun, and listens to nothing else. Others who want them
  // wait for the hub's first answer all the same: before that it would not see their marks.
  void have(const subscriber& who, const std::vector<std::string>& channels);
  void give_up(const subscriber& who, const std::vector<std::string>& channels);
  // on_round_trip() follows, after all that was said before now.
  void ask_round_trip(const subscriber& who);

  void on_event(const hub_event& said);

  // A mark for what `who` wants is about to be set: a payload for all_.mark_channel().
  std::string begin_mark(const subscriber& who);
  // It was set: from there on the hub's notifications are those of `who`.
  void end_mark(const subscriber& who);

  // What a hub has been asked when it begins, see have().
  static constexpr std::uint64_t first_request = 1;

  const hub_place& hub() const { return hub_; }
  // Its hub has gone, and so have its sessions.
  bool is_over() const { return closed_ && members_.empty(); }

 private:
  using id = std::uint64_t;

  struct member {
    subscriber* who = nullptr;
    std::vector<std::string> wanted = {};
    std::vector<std::string> had = {};
    core::round_trips::number round_trip = 0;  // that it waits for; 0: none
    std::uint64_t mark = 0;                    // 0: none was begun for what it wants
    bool told = true;                          // that the hub listens to what it wants
    // What it wanted when a mark was set that is still on its way to the hub. It may want more meanwhile.
    std::map<std::uint64_t, std::vector<std::string>> due = {};
  };

  bool is_listened_to(const std::vector<std::string>& channels) const;
  void let_go(const std::vector<std::string>& channels, id who);
  void begin_round_trip();
  void tell_listening(std::uint64_t request);
  void tell_round_trip();
  void tell_notification(const hub_event& said);
  void tell_all(const hub_event& said);
  void take_mark(std::uint64_t mark);
  void take_lost_marks();
  void forget_mark(member& mine);
  void take_over(id who, member& mine, std::vector<std::string> channels);
  subscriber* find(id who) const;
  std::vector<id> everybody() const;

  listen_directory& all_;
  const std::size_t worker_;
  const hub_place hub_;
  metrics::pool_instruments& instruments_;
  std::unordered_map<id, member> members_;
  core::channel_table<id> kept_;    // who wants or has a channel: as long as somebody does, the hub listens
  core::channel_table<id> served_;  // who has it
  std::map<std::string, std::uint64_t, std::less<>> requests_;  // by which the hub was asked for a channel
  std::uint64_t last_request_ = 0;
  std::uint64_t answered_request_ = 0;
  core::round_trips trips_;
  std::vector<id> in_line_;                      // for a round trip
  std::unordered_map<std::uint64_t, id> marks_;  // on their way
  std::uint64_t last_mark_ = 0;
  std::uint64_t lost_up_to_ = 0;  // marks that went with a lost connection of the hub
  bool closed_ = false;
};

}  // namespace pgweir::proxy
