// bulk_client PORT USER DATABASE CLIENTS REPEATS SQL [COPY_BYTES LINE_BYTES]
// Each of CLIENTS connections to 127.0.0.1 runs SQL REPEATS times; with COPY_BYTES, SQL is a COPY FROM STDIN
// that gets that many bytes in lines of LINE_BYTES. All log in first and start together. Prints one line of
// JSON.
#include "bench/client/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct job {
  std::string sql;
  std::size_t repeats = 1;
  std::uint64_t copy_bytes = 0;
  std::string line;
};

struct result {
  std::uint64_t bytes = 0;
  std::vector<double> milliseconds;  // one for each repeat
  std::string error;
};

double milliseconds_since(clock_type::time_point began) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - began).count();
}

void run(pgweir::bench::connection& connection, const job& work, result& out) try {
  for (std::size_t i = 0; i < work.repeats; ++i) {
    const auto began = clock_type::now();
    out.bytes += work.copy_bytes > 0 ? connection.copy_in(work.sql, work.line, work.copy_bytes)
                                     : connection.query(work.sql);
    out.milliseconds.push_back(milliseconds_since(began));
  }
} catch (const std::exception& failure) {
  out.error = failure.what();
}

double percentile(const std::vector<double>& sorted, double fraction) {
  return sorted[static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1) + 0.5)];
}

int measure(std::uint16_t port, const std::string& user, const std::string& database, std::size_t clients,
            const job& work) {
  std::vector<std::unique_ptr<pgweir::bench::connection>> connections;
  for (std::size_t i = 0; i < clients; ++i) {
    connections.push_back(std::make_unique<pgweir::bench::connection>("127.0.0.1", port, user, database));
  }
  std::vector<result> results(clients);
  const auto began = clock_type::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < clients; ++i) {
      threads.emplace_back([&, i] { run(*connections[i], work, results[i]); });
    }
  }
  const double seconds = milliseconds_since(began) / 1000;
  std::uint64_t bytes = 0;
  std::vector<double> all;
  for (const result& one : results) {
    if (!one.error.empty()) {
      std::fprintf(stderr, "bulk_client: %s\n", one.error.c_str());
      return 1;
    }
    bytes += one.bytes;
    all.insert(all.end(), one.milliseconds.begin(), one.milliseconds.end());
  }
  std::sort(all.begin(), all.end());
  std::printf("{\"bytes\": %llu, \"seconds\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
              static_cast<unsigned long long>(bytes), seconds, percentile(all, 0.5), percentile(all, 0.99));
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() != 6 && args.size() != 8) {
    std::fprintf(stderr,
                 "usage: bulk_client PORT USER DATABASE CLIENTS REPEATS SQL [COPY_BYTES LINE_BYTES]\n");
    return 2;
  }
  job work{
      .sql = args[5], .repeats = std::max<std::size_t>(std::stoul(args[4]), 1), .copy_bytes = 0, .line = {}};
  if (args.size() == 8) {
    work.copy_bytes = std::stoull(args[6]);
    work.line = std::string(std::max<std::size_t>(std::stoul(args[7]), 2) - 1, 'x') + '\n';
  }
  return measure(static_cast<std::uint16_t>(std::stoul(args[0])), args[1], args[2],
                 std::max<std::size_t>(std::stoul(args[3]), 1), work);
} catch (const std::exception& failure) {
  std::fprintf(stderr, "bulk_client: %s\n", failure.what());
  return 1;
}
