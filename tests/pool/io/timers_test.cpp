#include "pool/io/timers.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace pgweir::io {
namespace {

using namespace std::chrono_literals;

class recorded : public timeout {
 public:
  void on_timeout() override {
    ++calls;
    if (then) then();
  }
  int calls = 0;
  std::function<void()> then;
};

// Time is what the test says; the io_context never runs.
class timers_test : public testing::Test {
 protected:
  void at(clock::duration since_start) { wheel_.run_until(start_ + since_start); }

  boost::asio::io_context context_;
  timers wheel_{context_};
  clock::time_point start_ = clock::now() + 1h;
};

TEST_F(timers_test, fire_once_when_due_and_never_early) {
  recorded one;
  wheel_.arm(one, start_ + 100ms);
  at(99ms);
  EXPECT_EQ(one.calls, 0);
  at(100ms + 2 * timers::tick);
  EXPECT_EQ(one.calls, 1);
  EXPECT_FALSE(one.is_armed());
  at(1h);
  EXPECT_EQ(one.calls, 1);
}

TEST_F(timers_test, fire_after_more_than_a_turn_of_the_wheel) {
  recorded far;
  wheel_.arm(far, start_ + 60s);
  for (auto now = 0ms; now < 60s; now += 500ms) at(now);
  EXPECT_EQ(far.calls, 0);
  at(60s + 2 * timers::tick);
  EXPECT_EQ(far.calls, 1);
}

TEST_F(timers_test, do_not_miss_any_when_the_wheel_was_late) {
  recorded many[100];
  for (int i = 0; i < 100; ++i) wheel_.arm(many[i], start_ + i * 37ms);
  at(1h);
  for (const auto& one : many) EXPECT_EQ(one.calls, 1);
}

TEST_F(timers_test, obey_the_last_deadline) {
  recorded one;
  wheel_.arm(one, start_ + 100ms);
  wheel_.arm(one, start_ + 500ms);
  at(400ms);
  EXPECT_EQ(one.calls, 0);
  at(600ms);
  EXPECT_EQ(one.calls, 1);
}

TEST_F(timers_test, forget_what_was_cancelled_or_destroyed) {
  recorded cancelled;
  auto destroyed = std::make_unique<recorded>();
  wheel_.arm(cancelled, start_ + 100ms);
  wheel_.arm(*destroyed, start_ + 100ms);
  wheel_.cancel(cancelled);
  destroyed.reset();
  at(1s);
  EXPECT_EQ(cancelled.calls, 0);
}

TEST_F(timers_test, may_be_armed_cancelled_and_destroyed_by_a_timeout) {
  recorded again, other;
  auto victim = std::make_unique<recorded>();
  again.then = [&] {
    if (again.calls == 1) wheel_.arm(again, start_ + 10s);
    wheel_.cancel(other);
    victim.reset();
  };
  wheel_.arm(again, start_ + 100ms);
  wheel_.arm(other, start_ + 101ms);
  wheel_.arm(*victim, start_ + 101ms);
  at(200ms);
  EXPECT_EQ(again.calls, 1);
  EXPECT_TRUE(again.is_armed());
  EXPECT_EQ(other.calls, 0);
  at(11s);
  EXPECT_EQ(again.calls, 2);
}

TEST_F(timers_test, call_back_by_themselves_while_the_context_runs) {
  recorded one;
  wheel_.arm(one, clock::now() + 1ms);
  context_.run();
  EXPECT_EQ(one.calls, 1);
}

}  // namespace
}  // namespace pgweir::io
