// proxy/core/statement_statistics.hpp - how long statements take and how much they answer, by fingerprint.
//
// Bounded: a statement that has not been seen for longest makes room. Recent executions count most. Only what
// has proven fast and small may share a backend. What turns slow loses the right at once: by one execution
// that takes twenty times the limit, or by two in a row that take five times as long. A single one of those
// says more about the machine, where a process waits some milliseconds for a processor now and then. Thread
// rule: one per worker.
#pragma once

#include "proxy/core/plan_comparison.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace pgweir::core {

class statement_statistics {
 public:
  enum class verdict : std::uint8_t { unproven, slow, large, proven };

  struct known {
    verdict judged = verdict::unproven;
    std::chrono::nanoseconds expected{};  // of one execution, by the last few; zero: never seen
    std::chrono::nanoseconds usual{};     // by the last hundred or so
    bool is_apart = false;                // see set_apart()
    bool is_planned_anew = false;         // for comparison, see core/plan_comparison
    bool shared_plan_is_worse = false;
  };

  statement_statistics() : sets_(set_count) {}

  // For an execution to come. `limit`: a statement that takes longer is slow.
  known look_up(std::uint64_t key, std::chrono::nanoseconds limit);
  void observe(std::uint64_t key, std::chrono::nanoseconds took, std::size_t answer_bytes,
               std::chrono::nanoseconds limit);
  // The same execution, of a simple Query.
  void observe_plan(std::uint64_t key, plan how, std::chrono::nanoseconds took);
  // Another plan is to be judged by itself.
  void forget_plans(std::uint64_t key);

  // Units that shared a Sync, this one among them.
  struct batch {
    std::chrono::nanoseconds took{};
    std::size_t units = 1;
    std::uint32_t number = 0;  // not 0, and another one for the next batch
  };
  // In two slow batches, one after the other: set apart.
  void observe_together(std::uint64_t key, const batch& together, std::size_t answer_bytes,
                        std::chrono::nanoseconds limit);
  // It may be what made units fail that shared its Sync, or made them slow: the next few executions show, if
  // nothing shares theirs.
  void set_apart(std::uint64_t key);
  // The server says something of it besides its answer, which it might say only when it parses the text: it
  // is set apart for good.
  void note_notice(std::uint64_t key);

  // Answers up to this size are small.
  static constexpr std::size_t small_answer = 16 * 1024;

 private:
  static constexpr std::uint32_t executions_needed = 10;
  static constexpr std::uint32_t executions_counted = 64;
  static constexpr std::uint8_t executions_apart = 32;
  static constexpr std::size_t set_count = 1024;  // a power of two; four statements each

  struct entry {
    std::uint64_t key = 0;  // 0: free
    std::uint32_t seen = 0;
    std::uint32_t last_use = 0;
    float nanoseconds = 0;  // weighted means
    float usual_nanoseconds = 0;
    float bytes = 0;
    std::uint8_t apart = 0;        // executions to come that nothing may be sent together with
    std::uint32_t slow_batch = 0;  // its number, if the last one was slow
    std::uint32_t looked_up = 0;
    bool has_notices = false;
    plan_comparison plans{};
  };
  using set = std::array<entry, 4>;

  entry& make(std::uint64_t key);
  void add(entry& to, std::chrono::nanoseconds took, std::size_t answer_bytes,
           std::chrono::nanoseconds limit);
  set& set_of(std::uint64_t key) { return sets_[key >> 7 & (set_count - 1)]; }
  const set& set_of(std::uint64_t key) const { return sets_[key >> 7 & (set_count - 1)]; }

  std::vector<set> sets_;
  std::uint32_t uses_ = 0;
};

}  // namespace pgweir::core
