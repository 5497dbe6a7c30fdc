// metrics/families_program.cpp - pgweir itself.
#include "metrics/families.hpp"
#include "metrics/log.hpp"

namespace pgweir::metrics {

namespace {

void dropped_lines(const registry_view&, samples& out) {
  out.value(static_cast<double>(log::dropped_lines()));
}
void build_info(const registry_view&, samples& out) { out.value(1, {{"version", out.context().version}}); }

constexpr family_row rows[] = {
    {"pgweir_log_dropped_lines_total", counter_type,
     "Log lines lost because the log could not be written as fast.", nullptr, dropped_lines},
    {"pgweir_build_info", gauge_type, "Always 1; the version is in the label.", nullptr, build_info},
};

}  // namespace

family_table program_families() { return rows; }

}  // namespace pgweir::metrics
