// tests/fuzz/fuzz_relay.cpp - the whole core between a client and a server that may send anything.
//
// The input is a row of deliveries: a byte whose highest bit names the side (set: the server) and whose other
// bits say how many bytes follow for it.
#include "proxy/core/begin_statements.hpp"
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>

namespace {

using namespace pgweir;

struct text_sink final : wire::sink {
  void put(wire::bytes_view bytes) override { text += wire::as_text(bytes); }
  std::string text;
};

struct relayed {
  core::statement_catalogue catalogue{1 << 20, "s"};
  core::begin_statements begins{catalogue};
  core::client_state client;
  core::backend_state backend;
  std::string from_client;
  std::string from_server;
  text_sink to_server;
  text_sink to_client;
  bool held = false;  // the client's bytes waited for an answer
  bool over = false;  // a violation, or the client's goodbye

  core::relay_rules rules() { return {.catalogue = catalogue, .prepared_limit = 2, .client_id = 1}; }

  void run_client() {
    const auto with = rules();
    const auto step =
        core::request_relay{client, backend, with, to_server, to_client}.run(wire::as_bytes(from_client));
    require(step.consumed <= from_client.size());
    from_client.erase(0, step.consumed);
    held = held || step.what == core::request_outcome::held;
    over = over || step.what == core::request_outcome::violation ||
           step.what == core::request_outcome::terminate || step.what == core::request_outcome::no_room;
  }

  void run_server() {
    while (!over && !from_server.empty()) {
      const auto step = core::response_relay{client, backend, catalogue.prefix(), to_client}.run(
          wire::as_bytes(from_server));
      require(step.consumed <= from_server.size());
      from_server.erase(0, step.consumed);
      if (step.what == core::response_outcome::need_more) return;
      if (step.what == core::response_outcome::violation) over = true;
      const auto with = rules();
      core::request_relay relay{client, backend, with, to_server, to_client};
      if (step.what == core::response_outcome::replay) relay.replay();
      if (step.what == core::response_outcome::resync) relay.resync();
    }
  }

  void deliver(bool by_server, std::string_view bytes) {
    if (over) return;
    (by_server ? from_server : from_client) += bytes;
    if (by_server) run_server();
    if (!over) run_client();
    require(!backend.is_quiet() || backend.expected.empty());
  }
};

// Deliveries of at most `largest` bytes.
void play(relayed& through, std::string_view input, std::size_t largest) {
  while (!input.empty()) {
    const auto control = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    auto bytes = input.substr(0, control & 0x7fu);
    input.remove_prefix(bytes.size());
    for (; !bytes.empty(); bytes.remove_prefix(std::min(largest, bytes.size())))
      through.deliver(control >= 0x80, bytes.substr(0, largest));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = wire::as_text(std::as_bytes(std::span(data, size)));
  relayed whole;
  play(whole, input, input.size());
  // A message injects at most a statement that was sent before; a name in an error becomes another.
  require(whole.to_server.text.size() <= (size + 1) * (size + 128));
  require(whole.to_client.text.size() <= (size + 1) * (size + 128));
  // In a transaction of which the server is told with the first unit: nothing more comes while it is told, or
  // if it would not listen.
  relayed begun;
  begun.client.deferred.begin(*begun.begins.find({}), size % 2 == 0);
  play(begun, input, input.size());
  relayed split;
  play(split, input, 1);
  if (whole.over || split.over || whole.held || split.held) return 0;
  // A unit is sent again only if it arrived at once, and one that is held goes off between two pieces.
  if (whole.backend.counts.replanned + split.backend.counts.replanned > 0) return 0;
  require(whole.to_server.text == split.to_server.text);
  require(whole.to_client.text == split.to_client.text);
  return 0;
}
