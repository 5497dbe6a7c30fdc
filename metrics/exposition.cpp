#include "metrics/exposition.hpp"

#include "metrics/families.hpp"
#include "metrics/process_stats.hpp"
#include "metrics/registry.hpp"

#include <prometheus/text_serializer.h>

#include <utility>

namespace pgweir::metrics {

namespace {

prometheus::MetricFamily collect(const family_row& row, const registry_view& all,
                                 const scrape_context& context) {
  prometheus::MetricFamily family{row.name, row.help, row.type, {}};
  if (row.of_process != nullptr) {
    samples out(family, context, {});
    row.of_process(all, out);
  }
  if (row.of_pool == nullptr) return family;
  for (const pool_view& pool : all.pools) {
    samples out(family, context, {{"database", pool.database}, {"user", pool.user}});
    row.of_pool(pool, out);
  }
  return family;
}

}  // namespace

exposition::exposition(const registry& instruments, std::string version)
    : instruments_(instruments), version_(std::move(version)) {}

std::vector<prometheus::MetricFamily> exposition::Collect() const {
  return collect_at(std::chrono::steady_clock::now());
}

std::vector<prometheus::MetricFamily> exposition::collect_at(
    std::chrono::steady_clock::time_point now) const {
  const registry_view all = instruments_.view();
  const scrape_context context{version_, std::chrono::nanoseconds(now.time_since_epoch()).count()};
  std::vector<prometheus::MetricFamily> collected;
  for (const family_table table : {connection_families(), time_families(), traffic_families(),
                                   statement_families(), sharing_families(), program_families()})
    for (const family_row& row : table) collected.push_back(collect(row, all, context));
  for (prometheus::MetricFamily& family : process_families()) collected.push_back(std::move(family));
  return collected;
}

std::string exposition::text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace pgweir::metrics
