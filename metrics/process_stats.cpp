#include "metrics/process_stats.hpp"

#include <dirent.h>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace pgweir::metrics {

namespace {

std::optional<double> resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0, resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return {};
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::optional<double> cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return {};
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<double> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (!directory) return {};
  double entries = 0;
  while (readdir(directory.get()) != nullptr) ++entries;
  return entries - 3;  // ".", ".." and the directory itself
}

std::optional<double> descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> boot_time_seconds() {
  std::ifstream stat("/proc/stat");
  std::string key;
  double value = 0;
  while (stat >> key) {
    if (key == "btime" && stat >> value) return value;
    stat.ignore(1 << 20, '\n');
  }
  return {};
}

// proc(5): field 22 of /proc/self/stat, in clock ticks since boot. Field 2 is the program's name in
// parentheses and may hold anything, so counting starts behind the last parenthesis.
std::optional<double> start_time_seconds() {
  std::ifstream file("/proc/self/stat");
  std::string stat;
  std::getline(file, stat, '\0');
  const auto name_end = stat.rfind(')');
  const auto boot = boot_time_seconds();
  if (name_end == std::string::npos || !boot) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks)) return {};
  return *boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct process_row {
  const char* name;
  prometheus::MetricType type;
  const char* help;
  std::optional<double> (*read)();
};

constexpr process_row rows[] = {
    {"process_cpu_seconds_total", prometheus::MetricType::Counter,
     "CPU time used, user and system, in seconds.", cpu_seconds},
    {"process_resident_memory_bytes", prometheus::MetricType::Gauge, "Resident memory in bytes.",
     resident_bytes},
    {"process_open_fds", prometheus::MetricType::Gauge, "Open file descriptors.", open_descriptors},
    {"process_max_fds", prometheus::MetricType::Gauge, "File descriptors that may be open at once.",
     descriptor_limit},
    {"process_start_time_seconds", prometheus::MetricType::Gauge,
     "Start of the process in seconds since the Unix epoch.", start_time_seconds},
};

}  // namespace

std::vector<prometheus::MetricFamily> process_families() {
  std::vector<prometheus::MetricFamily> families;
  for (const process_row& row : rows) {
    const std::optional<double> value = row.read();
    if (!value) continue;
    prometheus::ClientMetric metric;
    metric.counter.value = metric.gauge.value = *value;
    families.push_back({row.name, row.help, row.type, {std::move(metric)}});
  }
  return families;
}

}  // namespace pgweir::metrics
