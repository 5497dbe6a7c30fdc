// tests/integration/lanes.hpp - pgweir with lanes of which the test knows what travels on them.
#pragma once

#include "tests/integration/proxied.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pgweir::test {

// One worker, so that a statement that was warmed up is known to all. A read is short up to 125 ms, and
// others queue behind one for up to 500 ms: also on a slow machine. After 2 to 4 s one holds up the others.
inline pgweir_options with_lanes(const std::string& pool, const std::string& top = "workers = 1") {
  return proxied("lane_expected_time = \"1s\"\n" + pool, top);
}

// The shared PostgreSQL, without pgweir.
wire_client direct();

double units_on_lanes(const pgweir_process& pgweir);
double units_leased(const pgweir_process& pgweir, const std::string& reason);
double resent(const pgweir_process& pgweir, const std::string& reason);

// Has a client ask until the unit travels on a lane. Throws if it never does.
void warm_up(const pgweir_process& pgweir, const std::string& unit,
             const parameters& who = {{"user", "postgres"}, {"database", "postgres"}});

// Bind, Execute and Sync.
std::string run_of(const std::string& statement, const std::vector<optional_text>& values = {});
// The same with a Parse of the unnamed statement and a description before it.
std::string unnamed(const std::string& sql, const std::vector<optional_text>& values = {});

// The table numbers (id int, v text) with the rows 1 "n1" to 1000 "n1000", and the table gate with the row 1
// "open", which tests lock.
void make_tables();
inline constexpr const char* through_gate = "SELECT v FROM gate";
std::string number(int id);  // a query for "n<id>"
inline std::string name_of(int id) { return "n" + std::to_string(id); }

// Nobody else can read the table gate as long as it lives.
class closed_gate {
 public:
  closed_gate();
  // Has the client send a read that comes to the gate, and returns when it waits there.
  void stop(wire_client& head);
  void open() { holder_.ask_sql("COMMIT"); }
  // Backends that wait for it. stopped_pid() is one of them.
  int stopped();
  std::string stopped_pid();

 private:
  wire_client holder_;
  wire_client watcher_;
};

// pgweir whose lanes take number() and through_gate.
class warm_lanes : public testing::Test {
 protected:
  static void SetUpTestSuite() { make_tables(); }

  void start_warm(const std::string& pool);

  std::optional<pgweir_process> pgweir;
};

struct queued_unit {
  wire_client* client;
  std::string unit;
};

// Sends the units and returns when they all stand on lanes. False: they do not get there.
bool queue_up(const pgweir_process& pgweir, const std::vector<queued_unit>& units);
inline bool queue_up(const pgweir_process& pgweir, wire_client& client, const std::string& unit) {
  return queue_up(pgweir, {{&client, unit}});
}

// Clients that keep lanes full of short reads, and look at what they get.
class background_reads {
 public:
  // `explained`: SQLSTATEs that may come in an answer's place.
  background_reads(const endpoint& to, int clients, std::set<std::string> explained = {},
                   const std::string& database = "postgres");
  ~background_reads() { stop_ = true; }

  // Stops them.
  void expect_all_well();

 private:
  void read_all_the_time(const endpoint& to, const std::string& database, int number);

  const std::set<std::string> explained_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0;
  std::atomic<int> wrong_ = 0;
  std::vector<std::jthread> running_;
};

}  // namespace pgweir::test
