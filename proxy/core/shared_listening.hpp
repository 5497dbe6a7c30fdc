// proxy/core/shared_listening.hpp - the channels of one session: which of them the shared connection (the
// hub) brings, which its own does, and how they change over without a notification lost, doubled or moved.
//
// LISTEN runs where the session's unit runs, so at first its own connection listens. When the hub listens to
// the same channels, a mark is put into the server's queue of notifications, which is one for all: what comes
// on the own connection before the mark is the client's, and what comes to the hub behind it. Knows no
// socket.
#pragma once

#include "proxy/core/notification_rules.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::core {

using channel_names = std::vector<std::string>;  // each once, sorted

class shared_listening {
 public:
  enum class change {
    none,     // nothing is under way
    asked,    // the hub was asked to listen to what is to move
    granted,  // it does; the mark is to be set when the own connection is quiet
    marking,  // the own connection was asked to set it
  };

  // The own connection listens to `channels`, says the server. `own_had_all`: it had what the hub brings,
  // too, so that what is missing was given up. Returns what was given up.
  channel_names found(channel_names channels, bool own_had_all);
  // Everything is the own connection's from here on.
  void leave_hub();

  void ask() { change_ = change::asked; }
  void grant() { change_ = change::granted; }
  // It stays as it is; may be tried again.
  void refuse();
  // The own connection is the hub's from here on.
  void adopt();
  void begin_mark(std::string channel, std::string payload);
  // The server has answered. False: it did not set the mark.
  bool end_mark();

  // Who brings a notification that has come on the own connection.
  enum class bringer {
    nobody,  // pgweir's own; or the own connection is not listened to any more
    own,     // this one alone
    hub,     // the hub, too: from there it is taken
  };
  bringer bringer_of(const wire::notification& said);
  // The client has been told all that has come.
  void told() { is_behind_mark_ = false; }

  // The own connection listens to the marks, too.
  bool has_marks() const { return !mark_channel_.empty(); }
  const std::string& mark_channel() const { return mark_channel_; }
  void drop_marks() { mark_channel_.clear(); }

  change under_way() const { return change_; }
  const channel_names& served() const { return served_; }    // by the hub
  const channel_names& to_move() const { return to_move_; }  // the own connection alone has them
  bool is_changing() const { return change_ != change::none; }
  bool is_over() const { return served_.empty() && to_move_.empty() && change_ == change::none; }

 private:
  bool serves(std::string_view channel) const;
  void take_over();

  channel_names served_;
  channel_names to_move_;
  change change_ = change::none;
  std::string mark_channel_;  // empty: the own connection does not listen to the marks
  std::string mark_payload_;  // while marking
  bool mark_passed_ = false;  // it came on the own connection
  // What the client has not been told yet may have come before the mark: what comes on the own connection now
  // does not follow upon that.
  bool is_behind_mark_ = false;
};

}  // namespace pgweir::core
