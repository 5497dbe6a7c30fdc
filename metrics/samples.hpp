// metrics/samples.hpp - turns instruments into prometheus-cpp samples, each summed over the workers.
// The function templates below are the vocabulary of the tables in metrics/families_*.cpp.
#pragma once

#include "metrics/registry.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pgweir::metrics {

// What one scrape knows besides the instruments.
struct scrape_context {
  std::string version;
  std::int64_t now_nanoseconds;  // steady clock
};

// Receives the samples of one family; each carries the base labels and at most two more.
class samples {
 public:
  using labels = std::vector<prometheus::ClientMetric::Label>;

  samples(prometheus::MetricFamily& family, const scrape_context& context, labels base)
      : family_(family), context_(context), base_(std::move(base)) {}

  void value(double number, labels more = {});
  // `counts`: one per bucket, not cumulative; the last one, that of +Inf, has no bound.
  void histogram(std::span<const std::uint64_t> counts, std::span<const double> bounds, double sum,
                 labels more = {});

  const scrape_context& context() const { return context_; }

 private:
  prometheus::ClientMetric& add(labels more);

  prometheus::MetricFamily& family_;
  const scrape_context& context_;
  labels base_;
};

// Label name, and its values in the order of the enum that indexes the instruments.
template <std::size_t N>
struct enum_label {
  const char* name;
  std::array<const char*, N> values;
};

// Which view holds the instruments of one kind.
template <class Instruments>
struct view_of;
template <>
struct view_of<pool_instruments> {
  using type = pool_view;
};
template <>
struct view_of<worker_instruments> {
  using type = registry_view;
};

template <class Pointer>
struct member_of;
template <class Owner, class Member>
struct member_of<Member Owner::*> {
  using view = typename view_of<Owner>::type;
  using type = Member;
};
template <auto Member>
using view_for = typename member_of<decltype(Member)>::view;

// Adds one sample: the instrument that `pick` finds in each worker's struct, summed.
template <class View, class Pick>
void add_sum(const View& view, samples& out, const Pick& pick, samples::labels more) {
  using instrument = std::remove_cvref_t<decltype(pick(*view.workers.front()))>;
  if constexpr (requires { instrument::buckets; }) {
    std::array<std::uint64_t, instrument::buckets> counts{};
    double sum = 0;
    for (const auto* worker : view.workers) {
      const instrument& part = pick(*worker);
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += part.count_of(i);
      sum += part.sum();
    }
    out.histogram(counts, instrument::bounds, sum, std::move(more));
  } else {
    decltype(instrument{}.value()) sum = 0;
    for (const auto* worker : view.workers) sum += pick(*worker).value();
    out.value(static_cast<double>(sum), std::move(more));
  }
}

// One series: a counter, gauge or histogram.
template <auto Member>
void one(const view_for<Member>& view, samples& out) {
  add_sum(view, out, [](const auto& worker) -> const auto& { return worker.*Member; }, {});
}

// One series per value of an enum.
template <auto Member, const auto& Label>
void each(const view_for<Member>& view, samples& out) {
  static_assert(std::tuple_size_v<decltype(member_of<decltype(Member)>::type::at)> == Label.values.size());
  for (std::size_t i = 0; i < Label.values.size(); ++i)
    add_sum(view, out, [i](const auto& worker) -> const auto& { return (worker.*Member).at[i]; },
            {{Label.name, Label.values[i]}});
}

// A counter of nanoseconds as seconds.
template <class View, class Pick>
double seconds_of(const View& view, const Pick& pick) {
  std::uint64_t nanoseconds = 0;
  for (const auto* worker : view.workers) nanoseconds += pick(*worker).value();
  return static_cast<double>(nanoseconds) * 1e-9;
}
template <auto Member>
double seconds_of(const view_for<Member>& view) {
  return seconds_of(
      view, [](const auto& worker) -> const auto& { return worker.*Member; });
}
template <auto Member>
void seconds(const view_for<Member>& view, samples& out) {
  out.value(seconds_of<Member>(view));
}
template <auto Member, const auto& Label>
void each_seconds(const view_for<Member>& view, samples& out) {
  static_assert(std::tuple_size_v<decltype(member_of<decltype(Member)>::type::at)> == Label.values.size());
  for (std::size_t i = 0; i < Label.values.size(); ++i)
    out.value(seconds_of(
                  view, [i](const auto& worker) -> const auto& { return (worker.*Member).at[i]; }),
              {{Label.name, Label.values[i]}});
}

// The same quantity towards the client and towards the server.
template <auto Client, auto Server>
void by_side(const view_for<Client>& view, samples& out) {
  add_sum(view, out, [](const auto& worker) -> const auto& { return worker.*Client; }, {{"side", "client"}});
  add_sum(view, out, [](const auto& worker) -> const auto& { return worker.*Server; }, {{"side", "server"}});
}
template <auto Client, auto Server>
void seconds_by_side(const view_for<Client>& view, samples& out) {
  out.value(seconds_of<Client>(view), {{"side", "client"}});
  out.value(seconds_of<Server>(view), {{"side", "server"}});
}

}  // namespace pgweir::metrics
