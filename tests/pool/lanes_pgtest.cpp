#include "tests/pool/rider.hpp"
#include "tests/support/postgres.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {
namespace {

using metrics::close_reason;
using metrics::server_state;
using namespace std::chrono_literals;

config::pool_overrides size_of(std::size_t size) {
  config::pool_overrides settings;
  settings.size = size;
  settings.lane_expected_time = 20ms;
  return settings;
}

class lanes_of_a_pool : public testing::Test {
 protected:
  // `idle` backends are connected and idle.
  void begin(config::pool_overrides settings, std::size_t idle, std::size_t workers = 1) {
    pools_ = std::make_unique<pool_fixture>(postgres::shared().server(), settings, workers);
    std::deque<test_client> clients;
    for (std::size_t i = 0; i < idle; ++i) clients.emplace_back(pools_->pool()).acquire(pools_->plain());
    ASSERT_TRUE(pools_->until([&] {
      for (const auto& one : clients)
        if (!one.has_backend()) return false;
      return true;
    }));
    for (auto& one : clients) one.release();
    ASSERT_EQ(pools_->idle(), static_cast<std::int64_t>(idle));
  }

  rider& new_rider(std::string application_name = "", std::size_t worker = 0) {
    return riders_.emplace_back(pools_->pool(worker), std::move(application_name));
  }
  rider& ask(std::chrono::nanoseconds expected = 100us) {
    auto& one = new_rider();
    one.ahead = ahead_;
    one.ask(pools_->plain(), expected);
    return one;
  }
  // Calls `go_on` again and again while the loop runs; false: it was not so after 20 s.
  template <class Condition, class Action>
  bool until_while(Condition is_so, Action go_on) {
    const auto deadline = io::clock::now() + 20s;
    for (; !is_so(); go_on()) {
      if (io::clock::now() >= deadline) return false;
      pools_->at(0).context.restart();
      pools_->at(0).context.poll();
    }
    return true;
  }
  std::int64_t lanes(std::size_t worker = 0) { return pools_->instruments(worker).lanes.value(); }
  std::int64_t servers(server_state state) { return pools_->instruments().servers[state].value(); }

  std::unique_ptr<pool_fixture> pools_;
  std::deque<rider> riders_;
  std::chrono::nanoseconds ahead_{};
};

TEST_F(lanes_of_a_pool, are_begun_for_each_unit_as_long_as_there_are_enough_backends) {
  begin(size_of(4), 4);
  auto& a = ask();
  auto& b = ask();
  auto& c = ask();
  ASSERT_TRUE(a.has_begun() && b.has_begun() && c.has_begun());
  EXPECT_TRUE(&a.lane() != &b.lane() && &b.lane() != &c.lane() && &a.lane() != &c.lane());
  EXPECT_EQ(lanes(), 3);
  EXPECT_EQ(servers(server_state::active), 3);
  EXPECT_EQ(pools_->idle(), 1);
}

TEST_F(lanes_of_a_pool, go_back_as_idle_when_their_units_are_answered) {
  begin(size_of(1), 1);
  auto& first = ask();
  auto& second = ask();
  auto& shared = first.lane();
  ASSERT_EQ(&second.lane(), &shared);
  EXPECT_FALSE(second.has_begun());
  EXPECT_EQ(shared.load.depth, 2u);
  first.finish();
  EXPECT_EQ(shared.load.depth, 1u);
  EXPECT_EQ(lanes(), 1);
  second.finish();
  EXPECT_EQ(lanes(), 0);
  EXPECT_EQ(pools_->idle(), 1);
  EXPECT_EQ(servers(server_state::active), 0);
  test_client lessee{pools_->pool()};
  lessee.acquire(pools_->plain());
  ASSERT_TRUE(lessee.has_backend());
  lessee.query("select 'clean'");
  EXPECT_TRUE(pools_->until([&] { return lessee.is_answered(); }));
}

TEST_F(lanes_of_a_pool, are_packed_when_more_units_come_than_there_are_backends) {
  begin(size_of(8), 8);
  std::vector<rider*> crowd;
  for (int i = 0; i < 16; ++i) crowd.push_back(&ask());
  for (auto* one : crowd) one->finish();
  EXPECT_EQ(lanes(), 0);
  crowd.clear();
  for (int i = 0; i < 8; ++i) crowd.push_back(&ask());
  EXPECT_LE(lanes(), 4) << "the burst was just now";
  EXPECT_GE(pools_->idle(), 4);
}

TEST_F(lanes_of_a_pool, connect_another_backend_while_units_queue_up_on_few) {
  begin(size_of(2), 1);
  auto& first = ask();
  auto& second = ask();
  EXPECT_EQ(&first.lane(), &second.lane()) << "nobody waits for the login";
  ASSERT_TRUE(pools_->until([&] { return pools_->idle() == 1; }));
  EXPECT_TRUE(ask().has_begun());
}

TEST_F(lanes_of_a_pool, have_one_application_name_each) {
  begin(size_of(2), 2);
  auto& a = new_rider("a");
  auto& b = new_rider("b");
  auto& another_a = new_rider("a");
  auto& c = new_rider("c");
  a.ask(pools_->plain());
  b.ask(pools_->plain());
  another_a.ask(pools_->plain());
  c.ask(pools_->plain());
  ASSERT_TRUE(a.is_on_lane() && b.is_on_lane() && another_a.is_on_lane());
  EXPECT_NE(&a.lane(), &b.lane());
  EXPECT_EQ(&another_a.lane(), &a.lane());
  ASSERT_FALSE(c.is_on_lane());
  b.finish();
  ASSERT_TRUE(c.is_on_lane());
  EXPECT_TRUE(c.has_begun());
  EXPECT_EQ(c.lane().application_name, "c");
}

TEST_F(lanes_of_a_pool, have_one_profile_each) {
  begin(size_of(1), 1);
  const auto special = pools_->profile({.options = "", .settings = {{"work_mem", "7MB"}}, .replication = ""});
  auto& plain = ask();
  auto& other = new_rider();
  other.ask(special);
  EXPECT_FALSE(other.is_on_lane());
  plain.finish();
  ASSERT_TRUE(pools_->until([&] { return other.is_on_lane(); }));
  EXPECT_EQ(other.lane().started_with(), special);
  EXPECT_EQ(pools_->closes(close_reason::replaced), 1u);
}

TEST_F(lanes_of_a_pool, take_no_more_units_than_their_depth) {
  auto settings = size_of(1);
  settings.lane_depth = 2;
  begin(settings, 1);
  auto& first = ask();
  ask();
  auto& third = ask();
  EXPECT_FALSE(third.is_on_lane());
  EXPECT_TRUE(pools_->pool().has_waiters());
  first.finish();
  EXPECT_TRUE(third.is_on_lane());
  EXPECT_FALSE(pools_->pool().has_waiters());
}

TEST_F(lanes_of_a_pool, take_no_more_than_a_bounded_time_of_work) {
  begin(size_of(1), 1);
  auto& first = ask(15ms);
  auto& second = ask(6ms);
  auto& small = ask(1ms);
  EXPECT_FALSE(second.is_on_lane());
  EXPECT_FALSE(small.is_on_lane()) << "it overtook one that had come before";
  first.finish();
  EXPECT_TRUE(second.is_on_lane() && small.is_on_lane());
}

TEST_F(lanes_of_a_pool, take_nobody_while_their_head_takes_surprisingly_long) {
  begin(size_of(1), 1);
  auto& slow = ask();
  slow.lane().load.head_since -= 15ms;
  auto& next = ask();
  EXPECT_FALSE(next.is_on_lane());
  slow.finish();
  EXPECT_TRUE(next.is_on_lane());
}

TEST_F(lanes_of_a_pool, take_nobody_while_they_drain) {
  begin(size_of(1), 1);
  auto& first = ask();
  auto& second = ask();
  pools_->pool().drain_lane(first.lane());
  auto& next = ask();
  EXPECT_FALSE(next.is_on_lane());
  first.finish();
  EXPECT_FALSE(next.is_on_lane());
  second.finish();
  ASSERT_TRUE(next.is_on_lane());
  EXPECT_TRUE(next.has_begun());
  EXPECT_TRUE(ask().is_on_lane()) << "the new lane must not drain, too";
}

TEST_F(lanes_of_a_pool, serve_those_who_wait_in_their_order) {
  auto settings = size_of(1);
  settings.lane_depth = 1;
  begin(settings, 1);
  std::vector<rider*> order;
  for (int i = 0; i < 5; ++i) {
    new_rider().order = &order;
    riders_.back().ask(pools_->plain());
  }
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_EQ(order.size(), i + 1);
    EXPECT_EQ(order[i], &riders_[i]);
    order[i]->finish();
  }
}

TEST_F(lanes_of_a_pool, forget_who_gave_up) {
  begin(size_of(1), 1);
  auto& first = ask();
  pools_->pool().drain_lane(first.lane());
  auto& leaver = ask();
  auto& next = ask();
  pools_->pool().give_up(leaver);
  first.finish();
  EXPECT_FALSE(leaver.is_on_lane());
  EXPECT_TRUE(next.is_on_lane());
  EXPECT_EQ(next.lane().load.depth, 1u);
}

TEST_F(lanes_of_a_pool, are_open_to_those_behind_one_that_gave_up) {
  begin(size_of(1), 1);
  auto& a = new_rider("a");
  a.ask(pools_->plain());
  auto& other = new_rider("b");
  other.ask(pools_->plain());
  auto& behind = new_rider("a");
  behind.ask(pools_->plain());
  ASSERT_FALSE(other.is_on_lane() || behind.is_on_lane());
  pools_->pool().give_up(other);
  EXPECT_TRUE(behind.is_on_lane()) << "nothing else may happen for a long time";
}

TEST_F(lanes_of_a_pool, end_for_a_lease_although_units_never_stop_to_come) {
  begin(size_of(1), 1);
  stream_of_units reads{pools_->pool(), pools_->plain(), 3};
  for (int i = 0; i < 10; ++i) reads.step();
  ASSERT_EQ(reads.under_way(), 3u);
  test_client lessee{pools_->pool()};
  lessee.acquire(pools_->plain());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(lessee.has_backend());
    reads.step();
  }
  ASSERT_TRUE(lessee.has_backend()) << "as soon as those were answered that were on the lane before it";
  EXPECT_EQ(reads.under_way(), 0u);
  lessee.release();
  EXPECT_EQ(reads.under_way(), 3u) << "they waited, and share again";
}

TEST_F(lanes_of_a_pool, end_for_leases_until_one_is_left) {
  begin(size_of(3), 3);
  stream_of_units reads{pools_->pool(), pools_->plain(), 9, 10s};
  ASSERT_EQ(lanes(), 3);
  std::deque<test_client> lessees;
  for (int i = 0; i < 3; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  for (int i = 0; i < 50; ++i) reads.step();
  EXPECT_TRUE(lessees[0].has_backend() && lessees[1].has_backend());
  EXPECT_FALSE(lessees[2].has_backend());
  EXPECT_EQ(lanes(), 1);
  EXPECT_EQ(reads.under_way(), 9u) << "reads do not wait behind long work";
  lessees[0].release();
  EXPECT_TRUE(lessees[2].has_backend());
}

TEST_F(lanes_of_a_pool, end_for_a_lease_that_waited_long_while_none_of_the_others_ended) {
  begin(size_of(3), 3);
  stream_of_units reads{pools_->pool(), pools_->plain(), 9, 10s};
  std::deque<test_client> lessees;
  for (int i = 0; i < 3; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  const auto start = io::clock::now();
  ASSERT_TRUE(until_while([&] { return lessees[2].has_backend(); }, [&] { reads.step(); }));
  EXPECT_GE(io::clock::now() - start, pool::policy::lease_patience);
  EXPECT_EQ(lanes(), 0);
  lessees[0].release();
  EXPECT_EQ(lanes(), 1) << "the reads are older than any other wish now";
}

TEST_F(lanes_of_a_pool, get_their_turn_among_leases) {
  begin(size_of(1), 1);
  std::deque<test_client> lessees;
  for (int i = 0; i < 2; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  auto& unit = ask();
  lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  lessees[0].release();
  EXPECT_TRUE(lessees[1].has_backend());
  lessees[1].release();
  ASSERT_TRUE(unit.is_on_lane());
  EXPECT_FALSE(ask().is_on_lane()) << "a lease has waited for longer";
  unit.finish();
  EXPECT_TRUE(lessees[2].has_backend());
}

TEST_F(lanes_of_a_pool, have_a_backend_left_to_them_by_leases) {
  begin(size_of(3), 3);
  ahead_ = 10s;
  std::deque<test_client> lessees;
  for (int i = 0; i < 3; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  ASSERT_TRUE(lessees[2].has_backend()) << "nobody wanted a lane yet";
  auto& first = ask();
  lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  lessees[0].release();
  EXPECT_TRUE(first.is_on_lane());
  first.finish();
  EXPECT_EQ(pools_->idle(), 1);
  EXPECT_FALSE(lessees[3].has_backend());
  EXPECT_TRUE(ask().is_on_lane());
  riders_.back().finish();
  lessees[1].release();
  EXPECT_TRUE(lessees[3].has_backend()) << "by the one that is not left to lanes";
}

TEST_F(lanes_of_a_pool, leave_their_backend_to_a_lease_when_nobody_comes) {
  begin(size_of(3), 3);
  std::deque<test_client> lessees;
  for (int i = 0; i < 2; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  for (int i = 0; i < 20; ++i) ask().finish();
  lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  EXPECT_FALSE(lessees[2].has_backend());
  EXPECT_TRUE(pools_->until([&] { return lessees[2].has_backend(); })) << "nothing else happens meanwhile";
  EXPECT_EQ(pools_->closes(close_reason::replaced), 0u);
}

TEST_F(lanes_of_a_pool, keep_the_backend_that_leases_leave_to_them_connected) {
  begin(size_of(3), 3);
  ahead_ = 10s;
  std::deque<test_client> lessees;
  for (int i = 0; i < 3; ++i) lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  ask();
  lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
  const auto start = io::clock::now();
  std::size_t holder = 0;
  // The one that waits has done so for long, but the leases of the others end, and reads keep coming.
  const auto over = [&] { return io::clock::now() - start >= 2 * pool::policy::profile_patience; };
  ASSERT_TRUE(until_while(over, [&] {
    if (riders_.back().is_on_lane()) {
      riders_.back().finish();
      ask();
    }
    if (lessees.size() > 60) return;
    lessees.emplace_back(pools_->pool()).acquire(pools_->plain());
    if (lessees[holder].has_backend()) lessees[holder++].release();
  }));
  EXPECT_EQ(pools_->closes(close_reason::replaced), 0u);
}

TEST_F(lanes_of_a_pool, end_for_a_lease_although_one_of_them_is_stuck) {
  begin(size_of(3), 3);
  ahead_ = 10s;
  auto& stuck = ask();
  auto& short_queue = ask();
  auto& long_queue = ask(2ms);
  pools_->pool().drain_lane(stuck.lane());
  stuck.lane().load.head_since -= 1min;
  test_client first{pools_->pool()}, second{pools_->pool()};
  first.acquire(pools_->plain());
  EXPECT_TRUE(short_queue.lane().load.draining) << "the stuck one may be so for ever";
  EXPECT_FALSE(long_queue.lane().load.draining);
  short_queue.finish();
  ASSERT_TRUE(first.has_backend());
  second.acquire(pools_->plain());
  EXPECT_FALSE(long_queue.lane().load.draining) << "the only one left that takes units";
}

TEST_F(lanes_of_a_pool, end_one_at_a_time_for_a_lease) {
  begin(size_of(3), 3);
  auto& a = ask();
  auto& b = ask(2ms);
  auto& c = ask(3ms);
  test_client lessee{pools_->pool()};
  lessee.acquire(pools_->plain());
  ask();
  EXPECT_TRUE(a.lane().load.draining);
  EXPECT_FALSE(b.lane().load.draining || c.lane().load.draining);
}

TEST_F(lanes_of_a_pool, are_retired_under_load_when_their_backend_is_too_old) {
  auto settings = size_of(1);
  settings.server_lifetime = 500ms;
  begin(settings, 1);
  stream_of_units reads{pools_->pool(), pools_->plain(), 3};
  pools_->at(0).pools.tick(io::clock::now());
  const auto begun = io::clock::now();
  const auto is_old = [&] { return io::clock::now() - begun > 500ms; };
  ASSERT_TRUE(until_while(is_old, [&] { reads.step(); }));
  EXPECT_EQ(pools_->closes(close_reason::lifetime), 0u);
  pools_->at(0).pools.tick(io::clock::now());
  for (int i = 0; i < 3; ++i) reads.step();
  EXPECT_EQ(pools_->closes(close_reason::lifetime), 1u);
  EXPECT_EQ(lanes(), 0);
  ASSERT_TRUE(pools_->until([&] { return reads.under_way() == 3; })) << "on a new one";
  EXPECT_EQ(pools_->open(), 1u);
}

TEST_F(lanes_of_a_pool, are_retired_under_load_when_logins_have_changed) {
  begin(size_of(1), 1);
  stream_of_units reads{pools_->pool(), pools_->plain(), 3};
  pools_->note_login_change();
  for (int i = 0; i < 3; ++i) reads.step();
  EXPECT_EQ(pools_->closes(close_reason::outdated), 1u);
  EXPECT_EQ(lanes(), 0);
  ASSERT_TRUE(pools_->until([&] { return reads.under_way() == 3; })) << "on a new one";
  EXPECT_EQ(pools_->open(), 1u);
}

TEST_F(lanes_of_a_pool, are_forgotten_when_they_break) {
  begin(size_of(1), 1);
  auto& head = ask();
  ask();
  const auto pid = std::to_string(head.lane().welcome().process_id);
  postgres::shared().exec("select pg_terminate_backend(" + pid + ")");
  ASSERT_TRUE(pools_->until([&] { return head.lost; }));
  EXPECT_EQ(pools_->closes(close_reason::server), 1u);
  EXPECT_EQ(pools_->open(), 0u);
  EXPECT_EQ(lanes(), 0);
  EXPECT_EQ(servers(server_state::active), 0);
  auto& next = ask();
  ASSERT_TRUE(pools_->until([&] { return next.is_on_lane(); }));
  EXPECT_TRUE(next.has_begun());
  EXPECT_EQ(next.lane().load.depth, 1u);
}

TEST_F(lanes_of_a_pool, make_room_for_those_who_wait_when_they_are_dropped) {
  begin(size_of(1), 1);
  auto& head = ask();
  pools_->pool().drain_lane(head.lane());
  auto& waiting = ask();
  head.drop(close_reason::dirty);
  EXPECT_EQ(pools_->closes(close_reason::dirty), 1u);
  EXPECT_TRUE(pools_->until([&] { return waiting.is_on_lane(); }));
  EXPECT_EQ(lanes(), 1);
}

TEST_F(lanes_of_a_pool, are_no_backends_for_others_before_no_cancel_can_hit_them_any_more) {
  begin(size_of(1), 1);
  auto& unit = ask();
  pools_->pool().cancel_query(unit.lane());
  pools_->pool().drain_lane(unit.lane());
  unit.finish();
  EXPECT_EQ(servers(server_state::being_canceled), 1);
  EXPECT_EQ(lanes(), 0);
  auto& next = ask();
  EXPECT_FALSE(next.is_on_lane());
  EXPECT_TRUE(pools_->until([&] { return next.is_on_lane(); }));
}

TEST_F(lanes_of_a_pool, are_closed_at_the_shutdown_when_their_units_are_answered) {
  begin(size_of(2), 2);
  auto& a = ask();
  auto& b = ask();
  auto& behind_a = ask();
  ASSERT_EQ(&behind_a.lane(), &a.lane());
  pools_->pool().drain_lane(a.lane());
  pools_->pool().drain_lane(b.lane());
  auto& waiting = ask();
  pools_->at(0).pools.close_all();
  ASSERT_TRUE(waiting.failure.has_value());
  EXPECT_EQ(waiting.failure->sqlstate, "57P01");
  auto& late = ask();
  EXPECT_TRUE(late.failure.has_value());
  EXPECT_EQ(pools_->at(0).pools.open_backends(), 2u);
  b.finish();
  EXPECT_EQ(pools_->at(0).pools.open_backends(), 1u);
  a.finish();
  EXPECT_EQ(pools_->at(0).pools.open_backends(), 1u) << "one more unit is on it";
  behind_a.finish();
  EXPECT_EQ(pools_->at(0).pools.open_backends(), 0u);
  EXPECT_EQ(lanes(), 0);
  EXPECT_EQ(pools_->open(), 0u);
}

TEST_F(lanes_of_a_pool, are_no_more_than_the_operator_allows) {
  auto settings = size_of(3);
  settings.lanes = 1;
  settings.lane_depth = 2;
  begin(settings, 2);
  auto& first = ask();
  ask();
  auto& waiting = ask();
  EXPECT_FALSE(waiting.is_on_lane());
  EXPECT_EQ(lanes(), 1);
  EXPECT_EQ(pools_->open(), 2u) << "one more would be of no use";
  test_client lessee{pools_->pool()};
  lessee.acquire(pools_->plain());
  EXPECT_TRUE(lessee.has_backend()) << "past the unit that may have no other backend";
  first.finish();
  EXPECT_TRUE(waiting.is_on_lane());
}

TEST_F(lanes_of_a_pool, count_for_nothing_while_they_are_stuck) {
  auto settings = size_of(2);
  settings.lanes = 1;
  begin(settings, 2);
  auto& stuck = ask();
  stuck.lane().load.head_since -= 1s;
  auto& waiting = ask();
  EXPECT_FALSE(waiting.is_on_lane()) << "nobody has said yet that it is stuck";
  pools_->pool().drain_lane(stuck.lane());
  EXPECT_TRUE(ask().is_on_lane());
  EXPECT_TRUE(waiting.is_on_lane());
}

// Two workers.

TEST_F(lanes_of_a_pool, end_for_a_sibling_although_units_never_stop_to_come) {
  for (const std::size_t size : {1, 2}) {
    begin(size_of(size), size, 2);
    stream_of_units reads{pools_->pool(), pools_->plain(), 3 * size};
    ASSERT_EQ(lanes(), static_cast<std::int64_t>(size));
    test_client there{pools_->pool(1)};
    there.acquire(pools_->plain());
    ASSERT_TRUE(pools_->until_all([&] {
      if (!there.has_backend() && reads.under_way() > 0) reads.step();
      return there.has_backend();
    })) << size;
    there.query("select 'moved'");
    ASSERT_TRUE(pools_->until_all([&] { return there.is_answered(); }));
    there.release();
    EXPECT_TRUE(pools_->until_all([&] { return reads.under_way() == 3 * size; })) << size;
    reads.stop();
  }
}

TEST_F(lanes_of_a_pool, end_for_a_unit_of_a_sibling) {
  begin(size_of(1), 1, 2);
  stream_of_units reads{pools_->pool(), pools_->plain(), 3};
  auto& there = new_rider("", 1);
  there.ask(pools_->at(1).pools.intern({}));
  ASSERT_TRUE(pools_->until_all([&] {
    if (!there.is_on_lane() && reads.under_way() > 0) reads.step();
    return there.is_on_lane();
  }));
  EXPECT_EQ(lanes(0), 0);
  EXPECT_EQ(lanes(1), 1);
  there.finish();
  EXPECT_TRUE(pools_->until_all([&] { return reads.under_way() == 3; }));
  reads.stop();
}

TEST_F(lanes_of_a_pool, do_not_end_for_units_of_a_sibling_that_may_have_no_other_backend) {
  auto settings = size_of(2);
  settings.lanes = 1;
  settings.lane_depth = 2;
  begin(settings, 1, 2);
  stream_of_units reads{pools_->pool(), pools_->plain(), 2};
  const auto startup = pools_->at(1).pools.intern({});
  for (int i = 0; i < 3; ++i) new_rider("", 1).ask(startup);
  ASSERT_TRUE(pools_->until_all([&] { return riders_[0].is_on_lane() && riders_[1].is_on_lane(); }));
  ASSERT_FALSE(riders_[2].is_on_lane());
  for (int i = 0; i < 20; ++i) {
    reads.step();
    EXPECT_EQ(reads.under_way(), 2u);
  }
  riders_[0].finish();
  EXPECT_TRUE(riders_[2].is_on_lane());
}

}  // namespace
}  // namespace pgweir::test
