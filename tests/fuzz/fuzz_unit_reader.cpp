// tests/fuzz/fuzz_unit_reader.cpp - what a client without a backend sends, in pieces; transactions are
// deferred.
#include "proxy/core/transaction_deferral.hpp"
#include "proxy/core/unit_reader.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>

using namespace pgweir;

// The first byte says how large the pieces are, and whether units are refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const bool refuses = data[0] >= 128;
  const auto all = std::as_bytes(std::span(data, size)).subspan(1);
  core::statement_catalogue catalogue{1 << 20, "s"};
  core::begin_statements begins{catalogue};
  core::client_state client;
  std::size_t used = 0;
  for (std::size_t arrived = 0; arrived < all.size();) {
    arrived = std::min(arrived + piece, all.size());
    while (used < arrived) {
      const auto front = all.subspan(used, arrived - used);
      const auto step = core::read_unit(client, front);
      require(step.bytes <= front.size());
      used += step.bytes;
      if (step.what == core::unit_verdict::need_more) break;
      if (step.what == core::unit_verdict::violation) return 0;
      if (step.what == core::unit_verdict::terminate) return 0;
      if (step.what != core::unit_verdict::dispatch) {
        require(step.bytes > 0);
        continue;
      }
      std::string answer;
      const core::deferral_rules rules{.begins = begins, .server_takes_writes = true};
      const auto deferred = core::defer_transaction(client, front, rules, answer);
      require(deferred.bytes <= front.size());
      require((deferred.bytes > 0) == !answer.empty());
      used += deferred.bytes;
      if (deferred.bytes > 0) continue;
      if (refuses) {
        core::refuse_unit(client, front);
      } else {
        return 0;
      }
    }
  }
  return 0;
}
