#include "tests/integration/lanes.hpp"

#include <stdexcept>

namespace pgweir::test {
namespace {

std::string at_the_gate() {
  return "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%gate%'";
}

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

closed_gate::closed_gate() : holder_(direct()) {
  holder_.ask_sql("BEGIN");
  holder_.ask_sql("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE");
}

bool closed_gate::stops(int how_many) {
  return eventually([how_many] {
    return postgres::shared().value("SELECT count(*) " + at_the_gate()) == std::to_string(how_many);
  });
}

std::string closed_gate::stopped_pid() { return postgres::shared().value("SELECT pid " + at_the_gate()); }

void stop_at(const closed_gate& gate, wire_client& head, const std::string& unit) {
  head.send(unit.empty() ? frontend::query(through_gate) : unit);
  if (!gate.stops()) throw std::runtime_error("the gate is open");
}

bool queue_up(const pgweir_process& pgweir, wire_client& client, const std::string& unit) {
  const auto depth = [&pgweir] { return pgweir.metric("pgweir_lane_depth_sum"); };
  const auto before = depth();
  client.send(unit);
  return eventually([&] { return depth() > before; }, std::chrono::seconds{5});
}

}  // namespace pgweir::test
