#include "pool/io/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace pgweir::io {
namespace {

// Takes `step` bytes of each delivery, or all of it if zero; records everything.
class recorded_connection final : public connection {
 public:
  using connection::connection;
  using connection::kept;

  std::string taken;
  std::size_t step = 0;
  std::size_t limit = 64 * 1024;
  bool takes_nothing = false;
  int drained = 0;
  int lost = 0;
  std::function<void()> on_delivery;

 private:
  std::size_t on_bytes(std::span<const std::byte> arrived) override {
    if (takes_nothing) return 0;
    const auto n = step == 0 || arrived.size() < step ? arrived.size() : step;
    taken.append(reinterpret_cast<const char*>(arrived.data()), n);
    if (on_delivery) on_delivery();
    return n;
  }
  std::size_t kept_limit() const override { return limit; }
  void on_drained() override { ++drained; }
  void on_lost(io_status) override { ++lost; }
};

class connection_test : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    peer_ = ends[1];
    one_ = std::make_unique<recorded_connection>(loop_, transport::own(ends[0]));
    ASSERT_TRUE(one_->start());
  }
  void TearDown() override {
    one_.reset();
    if (peer_ >= 0) ::close(peer_);
    EXPECT_EQ(loop_.buffers.lent_bytes(), 0u);
  }

  template <class Condition>
  bool until(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    context_.restart();
    while (!is_so()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      context_.run_one_for(std::chrono::milliseconds{100});
    }
    return true;
  }
  void settle() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }
  void peer_sends(const std::string& text) {
    ASSERT_EQ(::send(peer_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  // Fills the way to the connection.
  std::size_t peer_floods() {
    const std::string much(65536, 'f');
    std::size_t total = 0;
    for (;;) {
      const auto sent = ::send(peer_, much.data(), much.size(), MSG_DONTWAIT);
      if (sent <= 0) return total;
      total += static_cast<std::size_t>(sent);
    }
  }
  std::string peer_reads() {
    std::string all;
    char part[65536];
    for (;;) {
      const auto got = ::recv(peer_, part, sizeof part, MSG_DONTWAIT);
      if (got <= 0) return all;
      all.append(part, static_cast<std::size_t>(got));
    }
  }
  static std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span{text}); }

  boost::asio::io_context context_{1};
  loop loop_{context_};
  std::unique_ptr<recorded_connection> one_;
  int peer_ = -1;
};

TEST_F(connection_test, delivers_what_arrives) {
  peer_sends("hello");
  EXPECT_TRUE(until([&] { return one_->taken == "hello"; }));
}

TEST_F(connection_test, can_tell_that_something_has_arrived_before_it_reads_it) {
  EXPECT_FALSE(one_->stream().has_unread());
  peer_sends("hello");
  EXPECT_TRUE(one_->stream().has_unread());
  EXPECT_TRUE(until([&] { return one_->taken == "hello"; }));
  EXPECT_FALSE(one_->stream().has_unread());
}

TEST_F(connection_test, offers_again_what_was_not_taken_with_what_follows) {
  one_->step = 2;
  peer_sends("abcde");
  EXPECT_TRUE(until([&] { return one_->taken == "ab"; }));
  EXPECT_EQ(one_->kept(), 3u);
  peer_sends("f");
  EXPECT_TRUE(until([&] { return one_->taken == "abcd"; }));
  one_->step = 0;
  one_->offer_kept_bytes();
  EXPECT_EQ(one_->taken, "abcdef");
  EXPECT_EQ(one_->kept(), 0u);
}

TEST_F(connection_test, sends_once_per_turn_what_was_collected) {
  one_->send(bytes("one "));
  one_->send(bytes("two"));
  EXPECT_EQ(peer_reads(), "");
  settle();
  EXPECT_EQ(peer_reads(), "one two");
}

TEST_F(connection_test, sends_more_than_the_socket_takes_in_order) {
  std::string much;
  for (int i = 0; much.size() < 4'000'000; ++i) much += std::to_string(i) + ' ';
  const auto half = much.size() / 2;
  one_->send(bytes(much.substr(0, half)));
  one_->send(bytes(much.substr(half)));
  EXPECT_TRUE(one_->wants_room());
  std::string received;
  EXPECT_TRUE(until([&] {
    received += peer_reads();
    return received.size() == much.size();
  }));
  EXPECT_EQ(received, much);
  EXPECT_TRUE(until([&] { return one_->drained == 1; }));
  EXPECT_EQ(one_->unsent(), 0u);
}

TEST_F(connection_test, stops_reading_at_the_kept_limit_and_goes_on_when_asked) {
  one_->takes_nothing = true;
  const auto sent = peer_floods();
  ASSERT_GT(sent, one_->limit);
  settle();
  EXPECT_TRUE(one_->reading_is_paused());
  EXPECT_LT(one_->kept(), sent);
  one_->takes_nothing = false;
  one_->offer_kept_bytes();
  EXPECT_TRUE(until([&] { return one_->taken.size() == sent; }));
}

TEST_F(connection_test, reads_nothing_while_paused_and_misses_nothing_afterwards) {
  one_->pause_reading();
  peer_sends("early");
  settle();
  EXPECT_EQ(one_->taken, "");
  one_->resume_reading();
  EXPECT_TRUE(until([&] { return one_->taken == "early"; }));
}

TEST_F(connection_test, writes_on_while_both_sides_are_full) {
  one_->pause_reading();
  const auto flood = peer_floods();
  const std::string much(3'000'000, 'm');
  one_->send(bytes(much));
  settle();
  EXPECT_GT(one_->unsent(), 0u);
  std::string received;
  EXPECT_TRUE(until([&] {
    received += peer_reads();
    return received.size() == much.size();
  }));
  one_->resume_reading();
  EXPECT_TRUE(until([&] { return one_->taken.size() == flood; }));
}

TEST_F(connection_test, delivers_the_last_words_before_it_reports_the_loss) {
  peer_sends("last words");
  ::close(std::exchange(peer_, -1));
  EXPECT_TRUE(until([&] { return one_->lost == 1; }));
  EXPECT_EQ(one_->taken, "last words");
}

TEST_F(connection_test, delivers_the_last_words_although_writing_failed_first) {
  peer_sends("last words");
  ::close(std::exchange(peer_, -1));
  one_->send(bytes("nobody reads this"));
  one_->flush();
  EXPECT_TRUE(until([&] { return one_->lost == 1; }));
  EXPECT_EQ(one_->taken, "last words");
}

TEST_F(connection_test, reports_a_loss_once) {
  ::close(std::exchange(peer_, -1));
  EXPECT_TRUE(until([&] { return one_->lost == 1; }));
  one_->send(bytes("x"));
  settle();
  EXPECT_EQ(one_->lost, 1);
}

TEST_F(connection_test, may_be_closed_by_its_owner_in_the_midst_of_a_delivery) {
  one_->on_delivery = [&] { one_->close(); };
  peer_sends("bye");
  EXPECT_TRUE(until([&] { return one_->taken == "bye"; }));
  settle();
  EXPECT_FALSE(one_->is_open());
  EXPECT_EQ(one_->lost, 0);
}

TEST_F(connection_test, sends_what_is_left_when_it_is_closed) {
  one_->send(bytes("goodbye"));
  one_->close();
  EXPECT_EQ(peer_reads(), "goodbye");
}

TEST_F(connection_test, owns_no_buffer_while_idle) {
  peer_sends("hello");
  EXPECT_TRUE(until([&] { return one_->taken == "hello"; }));
  one_->send(bytes("world"));
  settle();
  EXPECT_EQ(loop_.buffers.lent_bytes(), 0u);
}

TEST_F(connection_test, moves_to_another_loop) {
  settle();
  one_->detach();
  boost::asio::io_context other_context{1};
  loop other{other_context};
  peer_sends("sent meanwhile");
  one_->attach(other);
  ASSERT_TRUE(one_->start());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (one_->taken.empty() && std::chrono::steady_clock::now() < deadline)
    other_context.run_one_until(deadline);
  EXPECT_EQ(one_->taken, "sent meanwhile");
  one_.reset();
}

TEST_F(connection_test, may_be_destroyed_between_two_loops) {
  settle();
  one_->detach();
  one_.reset();
  char end;
  EXPECT_EQ(::recv(peer_, &end, 1, 0), 0);
}

TEST_F(connection_test, hands_on_bytes_that_were_read_before_it_came_to_life) {
  one_->keep(bytes("early "));
  peer_sends("late");
  EXPECT_TRUE(until([&] { return one_->taken == "early late"; }));
}

// Two answers in one read: the client of the first says goodbye at once, with a flood behind it.
TEST_F(connection_test, one_that_closes_while_another_delivers_does_not_touch_what_is_delivered) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  auto other = std::make_unique<recorded_connection>(loop_, transport::own(ends[0]));
  other->takes_nothing = true;
  other->limit = 16;
  ASSERT_TRUE(other->start());
  const std::string flood(100'000, 'x');
  ASSERT_GT(::send(ends[1], flood.data(), flood.size(), 0), 0);
  settle();
  one_->step = 4;
  one_->on_delivery = [&] {
    if (!other->is_open()) return;
    other->send(std::as_bytes(std::span("bye", 3)));
    other->close();
  };
  peer_sends("firstsecond");
  ASSERT_TRUE(until([&] { return !one_->taken.empty(); }));
  one_->step = 0;
  one_->offer_kept_bytes();
  EXPECT_EQ(one_->taken, "firstsecond");
  ::close(ends[1]);
}

}  // namespace
}  // namespace pgweir::io
