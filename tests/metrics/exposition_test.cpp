#include "metrics/exposition.hpp"

#include "metrics/registry.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace pgweir::metrics {
namespace {

using labels = std::map<std::string, std::string>;

labels labels_of(const prometheus::ClientMetric& metric) {
  labels found;
  for (const auto& label : metric.label) found[label.name] = label.value;
  return found;
}

class exposition_of_two_workers : public ::testing::Test {
 protected:
  const prometheus::ClientMetric& sample(const std::string& name, const labels& wanted) {
    families_ = exposed_.collect_at(now_);
    for (const auto& family : families_)
      for (const auto& metric : family.metric)
        if (family.name == name && labels_of(metric) == wanted) return metric;
    ADD_FAILURE() << "no such series of " << name;
    return none_;
  }

  registry all_{2, 10};
  pool_instruments& first_ = all_.pool(0, "app", "alice");
  pool_instruments& second_ = all_.pool(1, "app", "alice");
  const labels pool_{{"database", "app"}, {"user", "alice"}};
  std::chrono::steady_clock::time_point now_{std::chrono::seconds(100)};
  exposition exposed_{all_, "1.2.3"};

  labels with(const std::string& name, const std::string& value) const {
    labels more = pool_;
    more[name] = value;
    return more;
  }

 private:
  std::vector<prometheus::MetricFamily> families_;
  prometheus::ClientMetric none_;  // stands for a series that is missing
};

TEST_F(exposition_of_two_workers, sums_counters_and_gauges) {
  first_.queries.add(3);
  second_.queries.add(4);
  first_.clients[client_state::idle].add(5);
  second_.clients[client_state::idle].add(-2);
  EXPECT_EQ(sample("pgweir_queries_total", pool_).counter.value, 7);
  EXPECT_EQ(sample("pgweir_client_connections", with("state", "idle")).gauge.value, 3);
  EXPECT_EQ(sample("pgweir_client_connections", with("state", "active")).gauge.value, 0);
}

TEST_F(exposition_of_two_workers, sums_histograms_and_makes_their_buckets_cumulative) {
  first_.query.observe(std::chrono::microseconds(10));
  first_.query.observe(std::chrono::milliseconds(1));
  second_.query.observe(std::chrono::milliseconds(1));
  second_.query.observe(std::chrono::minutes(5));
  const auto histogram = sample("pgweir_query_duration_seconds", pool_).histogram;
  ASSERT_EQ(histogram.bucket.size(), latency_bounds.size() + 1);
  for (const auto& bucket : histogram.bucket) {
    const std::uint64_t expected = std::isinf(bucket.upper_bound) ? 4 : bucket.upper_bound < 0.001 ? 1 : 3;
    EXPECT_EQ(bucket.cumulative_count, expected) << bucket.upper_bound;
  }
  EXPECT_TRUE(std::isinf(histogram.bucket.back().upper_bound));
  EXPECT_EQ(histogram.sample_count, 4U);
  EXPECT_NEAR(histogram.sample_sum, 300.00201, 1e-9);
}

TEST_F(exposition_of_two_workers, separates_waits_by_their_outcome) {
  first_.wait[wait_outcome::timeout].observe(std::chrono::seconds(3));
  EXPECT_EQ(sample("pgweir_client_wait_seconds", with("outcome", "timeout")).histogram.sample_count, 1U);
  EXPECT_EQ(sample("pgweir_client_wait_seconds", with("outcome", "ok")).histogram.sample_count, 0U);
}

TEST_F(exposition_of_two_workers, longest_wait_is_that_of_the_oldest_waiter_of_all_workers) {
  EXPECT_EQ(sample("pgweir_client_wait_max_seconds", pool_).gauge.value, 0);
  first_.oldest_waiter_started_nanoseconds.set(98'000'000'000);
  EXPECT_DOUBLE_EQ(sample("pgweir_client_wait_max_seconds", pool_).gauge.value, 2);
  second_.oldest_waiter_started_nanoseconds.set(95'500'000'000);
  EXPECT_DOUBLE_EQ(sample("pgweir_client_wait_max_seconds", pool_).gauge.value, 4.5);
  now_ = std::chrono::steady_clock::time_point{std::chrono::seconds(90)};
  EXPECT_EQ(sample("pgweir_client_wait_max_seconds", pool_).gauge.value, 0) << "never negative";
}

TEST_F(exposition_of_two_workers, shows_times_in_seconds_and_bytes_by_side) {
  first_.transaction_idle_nanoseconds.add(1'500'000'000);
  second_.backpressure_server_nanoseconds.add(250'000'000);
  first_.client_received_bytes.add(10);
  second_.server_received_bytes.add(20);
  first_.client_sent_bytes.add(30);
  second_.server_sent_bytes.add(40);
  EXPECT_DOUBLE_EQ(sample("pgweir_transaction_idle_seconds_total", pool_).counter.value, 1.5);
  EXPECT_DOUBLE_EQ(sample("pgweir_backpressure_seconds_total", with("side", "server")).counter.value, 0.25);
  EXPECT_EQ(sample("pgweir_received_bytes_total", with("side", "client")).counter.value, 10);
  EXPECT_EQ(sample("pgweir_received_bytes_total", with("side", "server")).counter.value, 20);
  EXPECT_EQ(sample("pgweir_sent_bytes_total", with("side", "client")).counter.value, 30);
  EXPECT_EQ(sample("pgweir_sent_bytes_total", with("side", "server")).counter.value, 40);
}

TEST_F(exposition_of_two_workers, shows_errors_by_origin_and_class) {
  const auto error = [this](const std::string& origin, const std::string& code) {
    labels wanted = with("origin", origin);
    wanted["sqlstate_class"] = code;
    return sample("pgweir_errors_total", wanted).counter.value;
  };
  first_.errors[sqlstate_class_index("22012")][error_origin::server].add();
  second_.errors[sqlstate_class_index("ZZ000")][error_origin::client].add(2);
  EXPECT_EQ(error("server", "22"), 1);
  EXPECT_EQ(error("client", "other"), 2);
  EXPECT_EQ(error("pooler", "53"), 0) << "what alerts ask for exists from the start";
}

TEST_F(exposition_of_two_workers, shows_units_by_their_way_and_reason) {
  const auto units = [this](const std::string& way, const std::string& reason) {
    labels wanted = with("way", way);
    wanted["reason"] = reason;
    return sample("pgweir_units_total", wanted).counter.value;
  };
  first_.lane_units.add(5);
  second_.lane_units.add(6);
  EXPECT_EQ(units("lane", "shared"), 11);
  const std::pair<lease_reason, const char*> reasons[]{
      {lease_reason::off, "off"},
      {lease_reason::session_mode, "session_mode"},
      {lease_reason::in_transaction, "in_transaction"},
      {lease_reason::several_statements, "several_statements"},
      {lease_reason::command, "command"},
      {lease_reason::locks_rows, "locks_rows"},
      {lease_reason::session_function, "session_function"},
      {lease_reason::temporary, "temporary"},
      {lease_reason::not_understood, "not_understood"},
      {lease_reason::writes, "writes"},
      {lease_reason::unproven, "unproven"},
      {lease_reason::slow, "slow"},
      {lease_reason::large, "large"},
      {lease_reason::incomplete, "incomplete"},
      {lease_reason::pipelined, "pipelined"},
      {lease_reason::resent, "resent"},
      {lease_reason::stalled, "stalled"},
      {lease_reason::listens, "listens"}};
  EXPECT_EQ(std::size(reasons), lease_reasons);
  std::uint64_t times = 0;
  for (const auto& [reason, name] : reasons) {
    first_.lease_units[reason].add(++times);
    EXPECT_EQ(units("lease", name), static_cast<double>(times)) << name;
  }
}

TEST_F(exposition_of_two_workers, shows_what_becomes_of_lanes) {
  first_.lanes.add(2);
  second_.lanes.add(1);
  first_.lane_depth.observe(0);
  second_.lane_depth.observe(3);
  first_.lane_expected_nanoseconds.add(1'500'000'000);
  second_.lane_real_nanoseconds.add(2'000'000'000);
  second_.resent_units[resend_reason::statement_missing].add(7);
  first_.lane_closes[lane_close_reason::client_stalled].add(8);
  EXPECT_EQ(sample("pgweir_lanes", pool_).gauge.value, 3);
  EXPECT_EQ(sample("pgweir_lane_expected_seconds_total", pool_).counter.value, 1.5);
  EXPECT_EQ(sample("pgweir_lane_real_seconds_total", pool_).counter.value, 2);
  EXPECT_EQ(sample("pgweir_resent_units_total", with("reason", "statement_missing")).counter.value, 7);
  EXPECT_EQ(sample("pgweir_lane_closes_total", with("reason", "client_stalled")).counter.value, 8);
  const auto depth = sample("pgweir_lane_depth", pool_).histogram;
  ASSERT_EQ(depth.bucket.size(), depth_histogram::buckets);
  EXPECT_EQ(depth.bucket[0].cumulative_count, 1U);
  EXPECT_EQ(depth.bucket[2].upper_bound, 2);
  EXPECT_EQ(depth.bucket[2].cumulative_count, 1U);
  EXPECT_EQ(depth.bucket[3].upper_bound, 4);
  EXPECT_EQ(depth.bucket[3].cumulative_count, 2U);
  EXPECT_EQ(depth.sample_sum, 3);
}

TEST_F(exposition_of_two_workers, shows_what_becomes_of_deferred_begins) {
  first_.deferred_begins[deferred_begin_outcome::sent].add(3);
  second_.deferred_begins[deferred_begin_outcome::sent].add(4);
  second_.deferred_begins[deferred_begin_outcome::empty].add(5);
  first_.deferred_begins[deferred_begin_outcome::refused].add(6);
  EXPECT_EQ(sample("pgweir_deferred_begins_total", with("outcome", "sent")).counter.value, 7);
  EXPECT_EQ(sample("pgweir_deferred_begins_total", with("outcome", "empty")).counter.value, 5);
  EXPECT_EQ(sample("pgweir_deferred_begins_total", with("outcome", "refused")).counter.value, 6);
}

TEST_F(exposition_of_two_workers, shows_for_how_long_sessions_were_pinned) {
  first_.pinned_nanoseconds[pin_reason::large_statement].add(1'500'000'000);
  second_.pinned_nanoseconds[pin_reason::large_statement].add(500'000'000);
  EXPECT_EQ(sample("pgweir_pinned_seconds_total", with("reason", "large_statement")).counter.value, 2);
  EXPECT_EQ(sample("pgweir_pinned_seconds_total", with("reason", "replication")).counter.value, 0);
}

TEST_F(exposition_of_two_workers, shows_what_becomes_of_statements_without_a_name) {
  first_.unnamed_shared.add(5);
  second_.unnamed_demoted.add();
  EXPECT_EQ(sample("pgweir_unnamed_shared_total", pool_).counter.value, 5);
  EXPECT_EQ(sample("pgweir_unnamed_demoted_total", pool_).counter.value, 1);
}

TEST_F(exposition_of_two_workers, what_happens_before_a_login_has_no_pool) {
  all_.worker(0).clients_in_login.add(2);
  all_.worker(1).clients_in_login.add(1);
  all_.worker(1).unknown_cancel_keys.add(4);
  all_.worker(1)
      .client_login[static_cast<std::size_t>(login_method::scram_sha_256)][login_outcome::refused]
      .observe(std::chrono::milliseconds(7));
  EXPECT_EQ(sample("pgweir_client_connections", {{"state", "login"}}).gauge.value, 3);
  EXPECT_EQ(sample("pgweir_cancels_total", {{"outcome", "unknown_key"}}).counter.value, 4);
  const labels login{{"method", "scram-sha-256"}, {"outcome", "refused"}};
  EXPECT_EQ(sample("pgweir_client_login_duration_seconds", login).histogram.sample_count, 1U);
}

TEST_F(exposition_of_two_workers, shows_what_is_configured) {
  all_.facts("app", "alice").size.set(20);
  all_.facts("app", "alice").min_size.set(2);
  all_.set_client_limit(10'000);
  EXPECT_EQ(sample("pgweir_pool_size", pool_).gauge.value, 20);
  EXPECT_EQ(sample("pgweir_pool_min_size", pool_).gauge.value, 2);
  EXPECT_EQ(sample("pgweir_client_limit", {}).gauge.value, 10'000);
  EXPECT_EQ(sample("pgweir_build_info", {{"version", "1.2.3"}}).gauge.value, 1);
}

TEST_F(exposition_of_two_workers, no_series_appears_twice) {
  all_.pool(0, "other", "other");
  for (int i = 0; i < 20; ++i) all_.pool(0, "db" + std::to_string(i), "u");
  for (const auto& family : exposed_.collect_at(now_)) {
    std::set<labels> seen;
    for (const auto& metric : family.metric)
      EXPECT_TRUE(seen.insert(labels_of(metric)).second) << family.name << " has a series twice";
  }
}

}  // namespace
}  // namespace pgweir::metrics
