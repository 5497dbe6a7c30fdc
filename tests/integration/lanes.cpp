#include "tests/integration/lanes.hpp"

#include <stdexcept>
#include <utility>

namespace pgweir::test {
namespace {

const std::string at_the_gate =
    "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%gate%'";

}  // namespace

wire_client direct() {
  const auto& server = postgres::shared();
  return wire_client::postgres({server.directory(), server.port()});
}

double units_on_lanes(const pgweir_process& pgweir) {
  return pgweir.metric("pgweir_units_total", "way=\"lane\"");
}

double units_leased(const pgweir_process& pgweir, const std::string& reason) {
  return pgweir.metric("pgweir_units_total", "reason=\"" + reason + "\"");
}

double resent(const pgweir_process& pgweir, const std::string& reason) {
  return pgweir.metric("pgweir_resent_units_total", "reason=\"" + reason + "\"");
}

void warm_up(const pgweir_process& pgweir, const std::string& unit, const parameters& who) {
  auto client = wire_client::log_in(pgweir.tcp(), who);
  const auto before = units_on_lanes(pgweir);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 12; ++i) client.ask(unit);
    if (units_on_lanes(pgweir) > before) return;
  }
  throw std::runtime_error("never came on a lane: " + unit + "\n" + pgweir.page("/metrics"));
}

std::string run_of(const std::string& statement, const std::vector<optional_text>& values) {
  return frontend::bind("", statement, values) + frontend::execute() + frontend::sync();
}

std::string unnamed(const std::string& sql, const std::vector<optional_text>& values) {
  return frontend::parse("", sql) + frontend::bind("", "", values) + frontend::describe_portal("") +
         frontend::execute() + frontend::sync();
}

void make_tables() {
  postgres::shared().exec(
      "DROP TABLE IF EXISTS numbers, gate; CREATE TABLE numbers (id int PRIMARY KEY, v text); "
      "INSERT INTO numbers SELECT i, 'n' || i FROM generate_series(1, 1000) i; ANALYZE numbers; "
      "CREATE TABLE gate (id int, v text); INSERT INTO gate VALUES (1, 'open')");
}

std::string number(int id) {
  return frontend::query("SELECT v FROM numbers WHERE id = " + std::to_string(id));
}

void warm_lanes::start_warm(const std::string& pool) {
  pgweir.emplace(with_lanes(pool));
  warm_up(*pgweir, number(1));
  warm_up(*pgweir, frontend::query(through_gate));
}

closed_gate::closed_gate() : holder_(direct()), watcher_(direct()) {
  holder_.ask_sql("BEGIN");
  holder_.ask_sql("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE");
}

void closed_gate::stop(wire_client& head) {
  head.send(frontend::query(through_gate));
  if (!eventually([this] { return stopped() == 1; })) throw std::runtime_error("the gate is open");
}

int closed_gate::stopped() { return std::stoi(watcher_.value("SELECT count(*) " + at_the_gate)); }

std::string closed_gate::stopped_pid() { return watcher_.value("SELECT pid " + at_the_gate); }

bool queue_up(const pgweir_process& pgweir, const std::vector<queued_unit>& units) {
  const auto joined = [&pgweir] { return pgweir.metric("pgweir_lane_depth_count"); };
  const auto wanted = joined() + static_cast<double>(units.size());
  for (const auto& one : units) one.client->send(one.unit);
  return eventually([&] { return joined() >= wanted; }, std::chrono::seconds{5});
}

background_reads::background_reads(const endpoint& to, int clients, std::set<std::string> explained,
                                   const std::string& database)
    : explained_(std::move(explained)) {
  for (int i = 0; i < clients; ++i)
    running_.emplace_back([this, to, database, i] { read_all_the_time(to, database, i); });
}

void background_reads::read_all_the_time(const endpoint& to, const std::string& database, int number) try {
  const auto wanted = std::to_string(number);
  while (!stop_) {
    auto client = wire_client::log_in(to, {{"user", "postgres"}, {"database", database}});
    for (bool told_fatal = false; !told_fatal && !stop_; ++answered_) {
      const auto answer = client.ask_sql("SELECT " + wanted + " + 0");
      const auto state = sqlstate_of(answer);
      const auto got = first_columns(answer);
      if (state.empty() ? got.size() != 1 || got[0] != wanted : !explained_.contains(state)) ++wrong_;
      told_fatal = answer.back().type != 'Z';
    }
  }
} catch (const std::exception& error) {
  ADD_FAILURE() << "client " << number << " in the background: " << error.what();
}

void background_reads::expect_all_well() {
  stop_ = true;
  running_.clear();
  EXPECT_GT(answered_, 0);
  EXPECT_EQ(wrong_, 0);
}

}  // namespace pgweir::test
