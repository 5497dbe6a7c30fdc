#include "metrics/log.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace pgweir::metrics::log {
namespace {

// Keeps the lines; on the log's thread while it runs, so read them after stop().
struct captured {
  std::vector<std::string> lines;
  line_writer writer() {
    return [this](std::string_view line) { lines.emplace_back(line); };
  }
};

TEST(log, writes_the_events_in_their_order_until_stop) {
  captured out;
  start(level::info, format::text, out.writer());
  event(level::info, "first", {{"n", 1}});
  event(level::error, "second");
  stop();
  ASSERT_EQ(out.lines.size(), 2U);
  EXPECT_TRUE(out.lines[0].ends_with("Z info first n=1\n")) << out.lines[0];
  EXPECT_TRUE(out.lines[1].ends_with("Z error second\n")) << out.lines[1];
}

TEST(log, writes_json_when_asked) {
  captured out;
  start(level::debug, format::json, out.writer());
  event(level::debug, "hello");
  stop();
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_TRUE(out.lines[0].ends_with("\"level\":\"debug\",\"message\":\"hello\"}\n")) << out.lines[0];
}

TEST(log, leaves_out_what_is_below_the_level) {
  captured out;
  start(level::warning, format::text, out.writer());
  EXPECT_FALSE(enabled(level::info));
  EXPECT_TRUE(enabled(level::warning));
  event(level::info, "quiet");
  event(level::warning, "loud");
  stop();
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_NE(out.lines[0].find("loud"), std::string::npos);
}

TEST(log, ignores_events_before_start_and_after_stop) {
  EXPECT_FALSE(enabled(level::error));
  event(level::error, "nobody listens");
  captured out;
  start(level::debug, format::text, out.writer());
  stop();
  event(level::error, "nobody listens any more");
  stop();
  EXPECT_TRUE(out.lines.empty());
}

TEST(log, drops_and_counts_the_oldest_lines_rather_than_wait) {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  std::vector<std::string> lines;
  start(level::info, format::text, [&](std::string_view line) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
    lines.emplace_back(line);
  });
  constexpr int many = 10'000;
  for (int i = 0; i < many; ++i) event(level::info, "line", {{"n", i}});
  const std::uint64_t dropped = dropped_lines();
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_all();
  stop();
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(lines.size() + dropped, static_cast<std::size_t>(many));
  EXPECT_TRUE(lines.back().ends_with("n=9999\n")) << lines.back();
}

TEST(log, takes_events_from_many_threads) {
  captured out;
  start(level::info, format::text, out.writer());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) event(level::info, "from a thread", {{"n", i}});
    });
  for (std::thread& thread : threads) thread.join();
  stop();
  EXPECT_EQ(out.lines.size(), 400U);
}

TEST(log, survives_a_writer_that_throws) {
  int calls = 0;
  start(level::info, format::text, [&](std::string_view) {
    if (++calls == 1) throw std::runtime_error("disk full");
  });
  event(level::info, "lost");
  event(level::info, "written");
  stop();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace pgweir::metrics::log
