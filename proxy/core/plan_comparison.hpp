// proxy/core/plan_comparison.hpp - whether a statement's shared plan serves it worse than plans that are made
// for each execution: a plan for any value of a parameter may be far from the best one for most of them.
//
// Some executions are planned anew, for comparison. They are held against the others of the same time: how
// busy the machine is tells nothing of a plan. Only what was answered alone counts: a share of a batch is as
// long as the others'.
#pragma once

#include <chrono>
#include <cstdint>

namespace pgweir::core {

enum class plan : std::uint8_t { shared, anew };

class plan_comparison {
 public:
  // One execution in so many is to be planned anew.
  static constexpr std::uint32_t anew_every = 256;

  void add(plan how, std::chrono::nanoseconds took) {
    auto& of_kind = how == plan::shared ? shared_ : anew_;
    of_kind.nanoseconds += took.count();
    ++of_kind.executions;
    if (anew_.executions > most_anew) shared_ = anew_ = {};  // what is hardly ever shared
    if (shared_.executions < compared_together) return;
    if (anew_.executions >= least_anew) worse_ = is_worse() ? worse_ + 1 : 0;
    shared_ = anew_ = {};
  }

  // Twice in a row, so that it was not chance.
  bool shared_is_worse() const { return worse_ >= 2; }

 private:
  struct sum {
    std::int64_t nanoseconds = 0;
    std::int64_t executions = 0;

    std::int64_t mean() const { return nanoseconds / executions; }
  };

  static constexpr std::int64_t compared_together = 1024;
  static constexpr std::int64_t least_anew = 4;
  static constexpr std::int64_t most_anew = 64;

  // By more than planning may cost.
  bool is_worse() const {
    constexpr std::int64_t noise = 100'000;
    return shared_.mean() > 2 * anew_.mean() + noise;
  }

  sum shared_;
  sum anew_;
  std::uint32_t worse_ = 0;
};

}  // namespace pgweir::core
