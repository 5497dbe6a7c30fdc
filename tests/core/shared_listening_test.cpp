// How the channels of a session move to the connection that listens for all, and in which order what comes on
// both reaches the client.
#include "proxy/core/shared_listening.hpp"

#include "proxy/core/channel_table.hpp"
#include "proxy/core/notification_merge.hpp"
#include "proxy/core/round_trips.hpp"
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using core::channel_names;
using core::shared_listening;
using bringer = shared_listening::bringer;

// Its own connection alone listens to `channels`.
shared_listening listens_to(channel_names channels) {
  shared_listening one;
  EXPECT_EQ(one.found(std::move(channels), true), channel_names{});
  return one;
}

void move(shared_listening& one) {
  one.ask();
  one.grant();
  one.begin_mark("marks", "7");
  EXPECT_EQ(one.bringer_of({1, "marks", "7"}), bringer::nobody);
  EXPECT_TRUE(one.end_mark());
  one.drop_marks();
}

TEST(shared_listening, moves_what_its_own_connection_listens_to) {
  auto one = listens_to({"b", "a", "b"});
  EXPECT_EQ(one.to_move(), (channel_names{"a", "b"}));
  EXPECT_TRUE(one.served().empty());
  move(one);
  EXPECT_EQ(one.served(), (channel_names{"a", "b"}));
  EXPECT_TRUE(one.to_move().empty());
}

TEST(shared_listening, takes_each_notification_from_one_side_of_the_mark) {
  auto one = listens_to({"a"});
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::own);
  one.begin_mark("marks", "7");
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::own) << "before the mark";
  EXPECT_EQ(one.bringer_of({1, "marks", "6"}), bringer::nobody) << "another session's mark";
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::own);
  EXPECT_EQ(one.bringer_of({1, "marks", "7"}), bringer::nobody);
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::nobody) << "behind the mark it comes from the hub";
  EXPECT_TRUE(one.end_mark());
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::nobody) << "it does not follow upon what is untold";
  one.told();
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::hub);
  EXPECT_EQ(one.bringer_of({1, "marks", "8"}), bringer::nobody) << "its own connection still gets the marks";
}

TEST(shared_listening, stays_as_it_was_without_a_mark) {
  auto one = listens_to({"a"});
  one.begin_mark("marks", "7");
  EXPECT_FALSE(one.end_mark());
  EXPECT_TRUE(one.served().empty());
  EXPECT_EQ(one.bringer_of({1, "a", ""}), bringer::own);
  EXPECT_EQ(one.found({"a", "marks"}, true), channel_names{});
  EXPECT_EQ(one.to_move(), channel_names{"a"});
}

TEST(shared_listening, gives_up_only_what_its_own_connection_has_given_up) {
  auto one = listens_to({"a", "b", "c"});
  move(one);
  EXPECT_EQ(one.found({"a", "d"}, false), channel_names{});
  EXPECT_EQ(one.served(), (channel_names{"a", "b", "c"}));
  EXPECT_EQ(one.to_move(), channel_names{"d"});
  EXPECT_EQ(one.found({"a", "d"}, true), (channel_names{"b", "c"}));
  EXPECT_EQ(one.served(), channel_names{"a"});
  EXPECT_EQ(one.found({}, true), channel_names{"a"});
  EXPECT_TRUE(one.is_over());
}

TEST(shared_listening, begins_anew_when_there_is_something_else_to_move) {
  auto one = listens_to({"a"});
  one.ask();
  one.found({"a"}, true);
  EXPECT_EQ(one.under_way(), shared_listening::change::asked);
  one.found({"a", "b"}, true);
  EXPECT_EQ(one.under_way(), shared_listening::change::none);
}

core::held_notification text(const std::string& what) {
  return {what.substr(0, 1), std::make_shared<const std::string>(what)};
}

std::string merged(const std::string& from_hub, const std::string& own) {
  core::held_notifications hub;
  for (const auto c : from_hub) hub.push_back(text({c}));
  std::vector<core::own_notification> ours;
  for (const auto c : own) ours.push_back({text({c}), c >= 'a'});
  std::string all;
  for (const auto& one : core::merge(std::move(hub), std::move(ours))) all += *one.message;
  return all;
}

// The hub brings small letters, the own connection alone brings large ones.
TEST(notification_merge, puts_what_one_connection_brings_where_it_belongs) {
  EXPECT_EQ(merged("", ""), "");
  EXPECT_EQ(merged("abc", ""), "abc");
  EXPECT_EQ(merged("", "AB"), "AB");
  EXPECT_EQ(merged("ab", "aXb"), "aXb");
  EXPECT_EQ(merged("ab", "XabY"), "XabY");
  EXPECT_EQ(merged("zab", "XabY"), "zXabY") << "the hub listened earlier";
  EXPECT_EQ(merged("abz", "XaYb"), "XaYbz") << "the hub has heard more";
  EXPECT_EQ(merged("ab", "X"), "Xab");
}

TEST(notification_merge, loses_and_doubles_nothing_where_the_hub_is_behind_or_ahead) {
  EXPECT_EQ(merged("a", "aXbY"), "aXY") << "b is still to come";
  EXPECT_EQ(merged("b", "aXbY"), "bXY") << "a was told already";
}

TEST(round_trips, serve_all_who_asked_before_they_began) {
  core::round_trips trips;
  const auto first = trips.ask();
  EXPECT_TRUE(trips.begin());
  EXPECT_FALSE(trips.begin()) << "one at a time";
  const auto second = trips.ask();
  EXPECT_EQ(trips.ask(), second);
  EXPECT_GT(second, first);
  EXPECT_EQ(trips.end(), first);
  EXPECT_TRUE(trips.begin());
  EXPECT_EQ(trips.end(), second);
  EXPECT_FALSE(trips.begin()) << "nobody waits";
}

TEST(channel_table, knows_the_first_and_the_last_subscriber) {
  core::channel_table<int> table;
  EXPECT_TRUE(table.add("a", 1));
  EXPECT_FALSE(table.add("a", 2));
  EXPECT_FALSE(table.add("a", 2));
  EXPECT_EQ(table.subscribers("a"), (std::vector<int>{1, 2}));
  EXPECT_FALSE(table.remove("a", 1));
  EXPECT_TRUE(table.remove("a", 2));
  EXPECT_FALSE(table.remove("a", 2));
  EXPECT_TRUE(table.subscribers("a").empty());
  EXPECT_TRUE(table.empty());
}

std::string said(const std::string& channel, std::uint32_t process_id) {
  std::string message;
  wire::append_notification(message, {process_id, channel, "x"});
  return message;
}

// Drops channel "no", and makes 8 of the process 7.
struct some_rules final : core::notification_rules {
  bool admit(wire::notification& one) override {
    if (one.process_id == 7) one.process_id = 8;
    return one.channel != "no";
  }
};

TEST(notification_rules, say_what_becomes_of_a_notification) {
  some_rules rules;
  same_for_every_split([&](script& s) {
    s.client_state().notified = &rules;
    s.client(query("notify a")).expect_server(query("notify a"));
    s.server(complete("NOTIFY") + said("a", 1) + said("no", 1) + said("a", 7) + ready());
    s.expect_client(complete("NOTIFY") + said("a", 1) + said("a", 8) + ready()).expect_quiet();
  });
}

TEST(own_numbers, name_the_client_as_it_was_told_last) {
  some_rules rules;
  script s;
  s.client_state().notified = &rules;
  s.client_state().itself.given = 8;
  const auto notified = [&](const std::string& expected) {
    s.client(query("notify a")).expect_server(query("notify a"));
    s.server(complete("NOTIFY") + said("a", 1) + said("a", 7) + ready());
    s.expect_client(complete("NOTIFY") + said("a", 1) + expected + ready());
  };
  notified(said("a", 8));
  s.client_state().itself.told = 42;
  notified(said("a", 42));
}

TEST(held_ready, is_left_to_the_session_outside_a_transaction) {
  script s;
  s.client_state().holds_ready = true;
  s.client(query("begin")).expect_server(query("begin"));
  s.server(complete("BEGIN") + ready('T')).expect_client(complete("BEGIN") + ready('T'));
  s.client(query("commit")).expect_server(query("commit"));
  s.server(complete("COMMIT") + ready()).expect_client(complete("COMMIT")).expect_quiet();
}

TEST(change_of_channels, may_fail) {
  using own_exchange = core::backend_state::own_exchange;
  script s;
  s.backend_state().own = own_exchange::changes_channels;
  s.backend_state().expected.push({.request = core::request::query,
                                   .how = core::handling::swallow,
                                   .then = core::bookkeeping::changes_channels});
  s.client(query("select 1")).expect_server("");
  s.server(error("57014", "canceled") + ready()).expect_client("");
  EXPECT_EQ(s.backend_state().own, own_exchange::channels_changed);
  EXPECT_TRUE(s.backend_state().findings.failed);
}

}  // namespace
}  // namespace pgweir::test
