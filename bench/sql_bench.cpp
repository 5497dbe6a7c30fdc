// What it costs to judge whether an SQL text may share a server connection: classify(), the whole text each
// time.
//
// Workload: what pgbench sends, an ORM's join, another one, an INSERT of 100 rows, and a SELECT with calls
// and a list. Items are texts; bytes are theirs.
#include "proxy/wire/sql_class.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace pgweir::bench {
namespace {

const std::string pgbench_select = "SELECT abalance FROM pgbench_accounts WHERE aid = 12345;";
const std::string orm_join =
    "SELECT \"blog_entry\".\"id\", \"blog_entry\".\"headline\", \"blog_blog\".\"name\" FROM \"blog_entry\" "
    "INNER JOIN "
    "\"blog_blog\" ON (\"blog_entry\".\"blog_id\" = \"blog_blog\".\"id\") WHERE (\"blog_entry\".\"rating\" > "
    "$1 AND NOT "
    "(\"blog_entry\".\"hidden\")) ORDER BY \"blog_entry\".\"id\" ASC LIMIT 21";
const std::string calls_and_list =
    "SELECT lower(name), count(*) FROM account WHERE id IN (1, 2, 3, 4, 5) AND created_at > now() GROUP BY 1";

const std::string qualified_columns =
    "SELECT c.custkey, c.name, p.price, s.lastname, s.state FROM customer c JOIN purchase p ON p.customer = "
    "c.custkey JOIN staff s ON s.id = p.seller WHERE c.custkey = $1 AND s.state = 'x'";

std::string insert_of_rows(int rows) {
  std::string text = "INSERT INTO history (tid, bid, aid, delta, note) VALUES (1, 2, 3, -4, 'note')";
  for (int i = 1; i < rows; ++i) text += ", (1, 2, 3, -4, 'note')";
  return text;
}

void classify_text(benchmark::State& state, const std::string& text) {
  const wire::session_functions forcing;
  if (wire::classify(text, forcing).verdict != wire::sql_verdict::shareable)
    return state.SkipWithError("the text is not shareable");
  for (auto _ : state) {
    const char* data = text.data();
    benchmark::DoNotOptimize(data);
    const auto found = wire::classify({data, text.size()}, forcing);
    benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(classify_text, pgbench_select, pgbench_select);
BENCHMARK_CAPTURE(classify_text, orm_join, orm_join);
BENCHMARK_CAPTURE(classify_text, calls_and_list, calls_and_list);
BENCHMARK_CAPTURE(classify_text, qualified_columns, qualified_columns);
BENCHMARK_CAPTURE(classify_text, insert_of_100_rows, insert_of_rows(100));

}  // namespace
}  // namespace pgweir::bench
