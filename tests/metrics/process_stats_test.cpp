#include "metrics/process_stats.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <unistd.h>

namespace pgweir::metrics {
namespace {

double value_of(const std::string& name) {
  for (const auto& family : process_families())
    if (family.name == name)
      return family.type == prometheus::MetricType::Counter ? family.metric.at(0).counter.value
                                                            : family.metric.at(0).gauge.value;
  ADD_FAILURE() << "no " << name;
  return 0;
}

TEST(process_stats, open_descriptors_are_counted_exactly) {
  const double before = value_of("process_open_fds");
  const int copy = dup(0);
  EXPECT_EQ(value_of("process_open_fds"), before + 1);
  close(copy);
  EXPECT_EQ(value_of("process_open_fds"), before);
  EXPECT_GT(value_of("process_max_fds"), before);
}

TEST(process_stats, the_process_started_within_the_last_hour) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LT(value_of("process_start_time_seconds"), now + 2);
  EXPECT_GT(value_of("process_start_time_seconds"), now - 3600);
}

TEST(process_stats, memory_and_cpu_are_in_bytes_and_seconds) {
  EXPECT_GT(value_of("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(value_of("process_resident_memory_bytes"), 1e11);
  EXPECT_GT(value_of("process_cpu_seconds_total"), 0);
  EXPECT_LT(value_of("process_cpu_seconds_total"), 3600);
}

}  // namespace
}  // namespace pgweir::metrics
