#include "proxy/listen/listen_branch.hpp"

#include <gtest/gtest.h>

namespace pgweir::proxy {
namespace {

using kind = hub_event::kind;

struct listener final : subscriber {
  explicit listener(std::uint64_t number = 7) : id(number) {}
  std::uint64_t subscriber_id() const override { return id; }
  void on_hub_listens() override { ++granted; }
  void on_hub_closed() override {}
  void on_notification(const std::string& channel, const shared_text&) override { heard.push_back(channel); }
  void on_round_trip() override {}
  void on_hub_repaired() override {}
  void on_hub_lost(const shared_text&) override {}

  const std::uint64_t id;
  int granted = 0;
  std::vector<std::string> heard;
};

class one_listener : public testing::Test {
 protected:
  one_listener() { branch_.enter(one_); }
  ~one_listener() override { branch_.leave(one_); }

  // The hub's answer follows; its notification of the mark does not.
  void move(const std::string& channel, std::uint64_t request) {
    EXPECT_FALSE(branch_.want(one_, {channel}));
    branch_.on_event({.what = kind::listens, .number = request});
    branch_.begin_mark(one_);
    branch_.end_mark(one_);
  }
  void come(std::uint64_t mark) { branch_.on_event({.what = kind::marked, .number = mark}); }
  void notify(const std::string& channel) { branch_.on_event({.what = kind::notified, .channel = channel}); }

  listen_directory all_{1, "secret"};
  metrics::pool_instruments counts_;
  listen_branch branch_{all_, 0, {.id = 1, .home = 0}, counts_};
  listener one_;
};

TEST_F(one_listener, hears_of_a_channel_from_its_mark_on) {
  move("a", 1);
  notify("a");
  come(1);
  notify("a");
  EXPECT_EQ(one_.granted, 1);
  EXPECT_EQ(one_.heard, std::vector<std::string>{"a"});
}

// With two workers the hub's events may be that late: the session wants the next channel, and lost the first.
TEST_F(one_listener, keeps_what_was_marked_while_it_wants_more_before_the_mark_has_come) {
  move("a", 1);
  move("b", 2);
  come(1);
  notify("a");
  notify("b");
  come(2);
  notify("b");
  EXPECT_EQ(one_.heard, (std::vector<std::string>{"a", "b"}));
}

TEST_F(one_listener, does_not_get_what_it_gave_up_before_the_mark_has_come) {
  move("a", 1);
  branch_.give_up(one_, {"a"});
  come(1);
  notify("a");
  EXPECT_EQ(one_.heard, std::vector<std::string>{});
}

TEST_F(one_listener, has_at_once_what_was_marked_on_a_connection_that_the_hub_has_lost) {
  move("a", 1);
  branch_.on_event({.what = kind::repaired});
  notify("a");
  EXPECT_EQ(one_.heard, std::vector<std::string>{"a"});
}

// Its own connection is the hub's, which does not listen to marks yet: whoever set one then stayed deaf.
TEST_F(one_listener, that_opens_a_hub_hears_at_once_and_others_wait_for_the_hubs_first_answer) {
  branch_.have(one_, {"a"});
  listener second{8};
  branch_.enter(second);
  EXPECT_FALSE(branch_.want(second, {"a"}));
  notify("a");
  EXPECT_EQ(one_.heard, std::vector<std::string>{"a"});
  EXPECT_EQ(second.granted, 0);
  branch_.on_event({.what = kind::listens, .number = listen_branch::first_request});
  EXPECT_EQ(second.granted, 1);
  branch_.leave(second);
}

}  // namespace
}  // namespace pgweir::proxy
