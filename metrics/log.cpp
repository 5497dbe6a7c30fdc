#include "metrics/log.hpp"

#include "metrics/log_format.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace pgweir::metrics::log {

namespace {

constexpr std::size_t queue_lines = 4096;

// Hands the finished lines on; runs on spdlog's thread only.
class line_sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit line_sink(line_writer output) : output_(std::move(output)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    output_({line.payload.data(), line.payload.size()});
  }
  void flush_() override {}

  line_writer output_;
};

void write_to_stderr(std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); }

// An error of the log itself can only go to where people look when there is no log.
void report_failure(const std::string& what) {
  std::fprintf(stderr, "pgweir: cannot write the log: %s\n", what.c_str());
}

struct running_log {
  running_log(format chosen_style, line_writer output) : style(chosen_style) {
    writer = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
    logger = std::make_shared<spdlog::async_logger>("pgweir", std::make_shared<line_sink>(std::move(output)),
                                                    writer, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::trace);
    logger->set_error_handler(report_failure);
  }

  format style;
  std::shared_ptr<spdlog::async_logger> logger;
  // Goes first: its destructor writes what is queued and joins the thread, which uses the logger until then.
  std::shared_ptr<spdlog::details::thread_pool> writer;
};

constexpr int all_off = std::numeric_limits<int>::max();

// A process has one log as it has one standard error, and every folder writes to it.
std::atomic<int> lowest_level{all_off};
std::unique_ptr<running_log> running;

}  // namespace

void start(level lowest, format style) { start(lowest, style, write_to_stderr); }

void start(level lowest, format style, line_writer output) {
  stop();
  running = std::make_unique<running_log>(style, std::move(output));
  lowest_level.store(static_cast<int>(lowest), std::memory_order_release);
}

void stop() {
  lowest_level.store(all_off, std::memory_order_relaxed);
  running.reset();
}

bool enabled(level severity) {
  return static_cast<int>(severity) >= lowest_level.load(std::memory_order_acquire);
}

void event(level severity, std::string_view message, std::initializer_list<field> fields) noexcept try {
  if (!enabled(severity)) return;
  std::string line;
  const record made{std::chrono::system_clock::now(), severity, message, fields};
  if (running->style == format::json)
    append_json(line, made);
  else
    append_text(line, made);
  running->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
} catch (const std::exception& failure) {
  report_failure(failure.what());
}

std::uint64_t dropped_lines() { return running ? running->writer->overrun_counter() : 0; }

}  // namespace pgweir::metrics::log
