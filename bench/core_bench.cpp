// What the two relays cost: from the client's bytes to those for the server, and from the server's bytes to
// those for the client. No socket, no clock; the sinks only count.
//
// Workload: one client keeps one backend, as do their states; the relays are made anew for each call, as the
// session does. The units are those of `pgbench -S`: one row with one column found by one parameter, as a
// simple Query, as Parse, Bind, Describe, Execute, Sync without a name, and as Bind, Describe, Execute, Sync
// of a statement that the backend already has. A pipeline is 100 or 5,000 such units in one piece, answered
// in one piece; the longer one is near the limit of what may be in flight. The result is 64 kB of rows of 31
// bytes to a simple Query, in pieces as one read may bring them: of 8 kB, as PostgreSQL sends, or all at
// once.
//
// Items are units; bytes are those from the client and from the server. allocs/unit counts operator new after
// a warm-up; anything but 0 is work to be done.
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "tests/core/messages.hpp"
#include "tests/metrics/allocations.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace pgweir::bench {
namespace {

namespace client = test::from_client;
namespace server = test::from_server;

constexpr std::string_view select_text = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";
constexpr std::string_view statement_name = "P0_1";
constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();

// What both sides say: one unit, or several.
struct script {
  std::string from_client;
  std::string from_server;

  std::size_t size() const { return from_client.size() + from_server.size(); }
};

script repeated(const script& one, std::int64_t times) {
  script all;
  for (std::int64_t i = 0; i < times; ++i) {
    all.from_client += one.from_client;
    all.from_server += one.from_server;
  }
  return all;
}

std::string one_row() {
  return server::row_description("abalance") + server::data_row("0") + server::complete("SELECT 1") +
         server::ready();
}

script simple_unit() {
  return {client::query("SELECT abalance FROM pgbench_accounts WHERE aid = 12345;"), one_row()};
}

script unnamed_unit() {
  return {client::parse("", select_text) + client::bind_statement("", "", "12345") +
              client::describe_portal("") + client::execute() + client::sync(),
          server::parse_complete() + server::bind_complete() + one_row()};
}

script preparing_unit() {
  return {client::parse(statement_name, select_text) + client::sync(),
          server::parse_complete() + server::ready()};
}

script prepared_unit() {
  return {client::bind_statement("", statement_name, "12345") + client::describe_portal("") +
              client::execute() + client::sync(),
          server::bind_complete() + one_row()};
}

script large_result() {
  std::string answer = server::row_description();
  const auto row = server::data_row("12345678901234567890");
  std::size_t rows = 0;
  for (; answer.size() < 64 * 1024; ++rows) answer += row;
  return {client::query("SELECT c FROM t;"),
          answer + server::complete("SELECT " + std::to_string(rows)) + server::ready()};
}

class counting_sink final : public wire::sink {
 public:
  void put(wire::bytes_view bytes) override { benchmark::DoNotOptimize(bytes_ += bytes.size()); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

// One client on one backend.
class conversation {
 public:
  // False: the relays did not take all of it, the client did not get the whole answer, or more is owed at
  // its end. `piece`: how much of the answer arrives at once.
  bool exchange(const script& both, std::size_t piece = any_size) {
    return ask(wire::as_bytes(both.from_client)) && answer(wire::as_bytes(both.from_server), piece);
  }

 private:
  bool ask(wire::bytes_view bytes) {
    const core::relay_rules rules{.catalogue = catalogue_};
    const auto step = core::request_relay{client_, backend_, rules, to_server_, to_client_}.run(bytes);
    return step.what == core::request_outcome::need_more && step.consumed == bytes.size();
  }

  bool answer(wire::bytes_view bytes, std::size_t piece) {
    const auto had = to_client_.bytes();
    std::size_t used = 0;
    for (std::size_t arrived = 0; arrived < bytes.size();) {
      arrived += std::min(piece, bytes.size() - arrived);
      for (bool go_on = true; go_on && used < arrived;) {
        core::response_relay relay{client_, backend_, catalogue_.prefix(), to_client_};
        const auto step = relay.run(bytes.subspan(used, arrived - used));
        used += step.consumed;
        go_on = step.what == core::response_outcome::unit_done;
        if (!go_on && step.what != core::response_outcome::need_more) return false;
      }
    }
    return used == bytes.size() && to_client_.bytes() - had == bytes.size() && backend_.is_quiet();
  }

  core::statement_catalogue catalogue_{1 << 20, "01234567"};
  core::client_state client_;
  core::backend_state backend_;
  counting_sink to_server_;
  counting_sink to_client_;
};

void exchange(benchmark::State& state, const script& both, std::int64_t units, std::size_t piece = any_size) {
  conversation talk;
  bool fine = talk.exchange(preparing_unit());
  for (int i = 0; i < 3; ++i) fine = talk.exchange(both, piece) && fine;
  const auto before = metrics::test::allocations_of_this_thread();
  for (auto _ : state) fine = talk.exchange(both, piece) && fine;
  const auto made = metrics::test::allocations_of_this_thread() - before;
  if (!fine) return state.SkipWithError("the relays refused the script");
  const auto done = state.iterations() * units;
  state.SetItemsProcessed(done);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both.size()));
  state.counters["allocs/unit"] = static_cast<double>(made) / static_cast<double>(done);
}

void simple_query(benchmark::State& state) {
  exchange(state, repeated(simple_unit(), state.range(0)), state.range(0));
}
BENCHMARK(simple_query)->ArgName("units")->Arg(1)->Arg(100)->Arg(5'000);

void extended_unnamed(benchmark::State& state) {
  exchange(state, repeated(unnamed_unit(), state.range(0)), state.range(0));
}
BENCHMARK(extended_unnamed)->ArgName("units")->Arg(1)->Arg(100)->Arg(5'000);

void extended_prepared(benchmark::State& state) {
  exchange(state, repeated(prepared_unit(), state.range(0)), state.range(0));
}
BENCHMARK(extended_prepared)->ArgName("units")->Arg(1)->Arg(100)->Arg(5'000);

void result_64kB(benchmark::State& state) {
  exchange(state, large_result(), 1, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(result_64kB)->ArgName("piece")->Arg(8 * 1024)->Arg(128 * 1024);

}  // namespace
}  // namespace pgweir::bench
