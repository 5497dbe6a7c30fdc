// What reading a message costs before anything is decided about it.
//
// Workload: read_header walks a buffer of equal messages; small ones as of single rows (body of 20 bytes,
// 1,000 of them in 25 kB) and large ones (body of 8 kB, 128 in 1 MB, so that each header is on another page).
// Items are headers. The readers of single messages get what pgbench sends, and a larger message of each
// kind; items are messages.
#include "proxy/wire/frame.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_head.hpp"
#include "tests/core/messages.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::bench {
namespace {

constexpr std::string_view pgbench_select = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";

wire::bytes_view body_of(const std::string& message) {
  return wire::as_bytes(message).subspan(wire::header_size);
}

std::string long_select() {
  std::string text = "SELECT * FROM pgbench_accounts WHERE aid IN ($1";
  while (text.size() < 4'000) text += ", $1";
  return text + ")";
}

// Arguments: size of a body, number of messages.
void read_headers(benchmark::State& state) {
  const auto message =
      test::from_client::copy_data(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  std::string buffer;
  for (std::int64_t i = 0; i < state.range(1); ++i) buffer += message;
  for (auto _ : state) {
    auto rest = wire::as_bytes(buffer);
    while (!rest.empty()) {
      const auto found = wire::read_header(rest);
      if (found.status != wire::header_status::complete)
        return state.SkipWithError("a header is not complete");
      benchmark::DoNotOptimize(found);
      rest = rest.subspan(found.header.size());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(read_headers)->Args({20, 1'000})->Args({8'192, 128})->ArgNames({"body", "messages"});

template <class Reader>
void read_message(benchmark::State& state, const std::string& message, Reader read) {
  for (auto _ : state) {
    auto body = body_of(message);
    benchmark::DoNotOptimize(body);
    const auto found = read(body);
    if (!found) return state.SkipWithError("the message is malformed");
    benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations());
}

void read_parse_short(benchmark::State& state) {
  read_message(state, test::from_client::parse("P0_1", pgbench_select), wire::read_parse);
}
BENCHMARK(read_parse_short);

// 4 kB of SQL, 16 parameter types.
void read_parse_long(benchmark::State& state) {
  const std::vector<std::uint32_t> types(16, 23);
  read_message(state, test::from_client::parse("P0_1", long_select(), types), wire::read_parse);
}
BENCHMARK(read_parse_long);

void read_bind_names_short(benchmark::State& state) {
  read_message(state, test::from_client::bind_statement("", "P0_1", "12345"), wire::read_bind_names);
}
BENCHMARK(read_bind_names_short);

// A parameter of 4 kB, which must not be looked at; names as long as PostgreSQL keeps them.
void read_bind_names_long(benchmark::State& state) {
  const std::string portal(63, 'p');
  const std::string name(63, 's');
  read_message(state, test::from_client::bind_statement(portal, name, std::string(4'096, 'x')),
               wire::read_bind_names);
}
BENCHMARK(read_bind_names_long);

void read_target_of_describe(benchmark::State& state) {
  read_message(state, test::from_client::describe_statement("P0_1"), wire::read_target);
}
BENCHMARK(read_target_of_describe);

void read_head_of(benchmark::State& state, std::string_view text) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    const auto head = wire::read_sql_head(text);
    benchmark::DoNotOptimize(head.kind);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(read_head_of, select, pgbench_select);
BENCHMARK_CAPTURE(
    read_head_of, commented,
    "/* controller:accounts,action:show,traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736 */ SELECT 1");
BENCHMARK_CAPTURE(read_head_of, deallocate, "DEALLOCATE \"P0_1\"");

}  // namespace
}  // namespace pgweir::bench
