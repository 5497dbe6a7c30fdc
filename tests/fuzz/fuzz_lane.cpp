// tests/fuzz/fuzz_lane.cpp - units of four clients on a lane whose server may send anything.
//
// The input is a row of steps. The highest bit of the first byte of a step says who acts: set, the server
// sends as many bytes as the other bits say; else the lowest two bits name a client, and the next three what
// happens to it or to the lane, or whether its unit may share a Sync. Units and answers follow as bytes.
// Units that may not share do not join, as in proxy/session_lane.
#include "proxy/core/lane_queue.hpp"
#include "proxy/core/unit_class.hpp"
#include "tests/fuzz/require.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace {

using namespace pgweir;

struct text_sink final : wire::sink {
  void put(wire::bytes_view bytes) override { text += wire::as_text(bytes); }
  std::string text;
};

// Told exactly once what became of its unit, and never called after that.
struct rider final : core::lane_rider {
  core::client_state& state() override { return client; }
  wire::sink& answers() override {
    require(is_on_lane);
    return got;
  }
  void on_turn() override {
    require(is_on_lane && !had_turn);
    had_turn = true;
  }
  void on_answered(const core::lane_answer&) override {
    require(had_turn);
    leave();
  }
  void on_resend(core::resend_reason) override {
    require(got.text.empty());
    leave();
  }
  void on_failed(core::lane_failure, bool) override { leave(); }
  void leave() {
    require(is_on_lane);
    is_on_lane = had_turn = false;
  }

  core::client_state client;
  text_sink got;
  bool is_on_lane = false;
  bool had_turn = false;
};

struct shared {
  core::statement_catalogue catalogue{1 << 16, "s"};
  core::statement_finder texts{catalogue};
  core::backend_state backend;
  core::lane_queue lane{backend, catalogue.prefix()};
  std::array<rider, 4> riders;
  text_sink to_server;
  std::string from_server;
  bool over = false;

  void end_batch() {
    if (lane.open_units() > 0) lane.end_batch(to_server);
  }

  void join(std::size_t who, std::string_view unit, bool withholds_sync) {
    auto& one = riders[who];
    const auto judged = core::classify_unit(one.client, wire::as_bytes(unit), texts, catalogue.forcing());
    if (one.is_on_lane || judged.need != core::lease_need::none) return;
    const core::relay_rules rules{.catalogue = catalogue,
                                  .unnamed = &texts,
                                  .queries = &texts,
                                  .prepared_limit = 2,
                                  .client_id = who + 1,
                                  .on_lane = true,
                                  .withholds_sync = withholds_sync && judged.may_share_sync};
    one.is_on_lane = true;
    one.got.text.clear();
    require(lane.join(one, wire::as_bytes(unit.substr(0, judged.size)), {}, rules, to_server));
  }

  void server(std::string_view bytes) {
    if (lane.empty()) return;
    end_batch();
    from_server += bytes;
    const auto step = lane.on_bytes(wire::as_bytes(from_server));
    require(step.consumed <= from_server.size());
    from_server.erase(0, step.consumed);
    if (step.what == core::lane_step::outcome::transaction_open)
      end([this] { lane.fail_all(core::lane_failure::transaction_open); });
    if (step.what == core::lane_step::outcome::violation)
      end([this] { lane.fail_all(core::lane_failure::violation); });
  }

  template <class How>
  void end(How how) {
    how();
    over = true;
    require(lane.empty());
    for (const auto& one : riders) require(!one.is_on_lane);
  }

  void happen(unsigned what, rider& to) {
    if (what == 4 && lane.serves_alone(to)) (void)lane.cancel_head();
    if (what == 5 && to.is_on_lane) {
      lane.leave(to);
      to.leave();
      to.client = {};
    }
    if (what == 6 && !lane.empty()) lane.take_back_queued();
    if (what == 7) end([this] { lane.lose(wire::as_bytes(from_server)); });
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = wire::as_text(std::as_bytes(std::span(data, size)));
  shared all;
  while (!input.empty() && !all.over) {
    const auto control = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const auto what = control >> 2 & 7u;
    if (control < 0x80 && what >= 4) {
      all.happen(what, all.riders[control & 3u]);
      continue;
    }
    std::size_t length = control & 0x7fu;
    if (control < 0x80) {
      length = input.empty() ? 0 : static_cast<unsigned char>(input.front());
      input.remove_prefix(input.empty() ? 0 : 1);
    }
    const auto bytes = input.substr(0, length);
    input.remove_prefix(bytes.size());
    control < 0x80 ? all.join(control & 3u, bytes, (what & 1) != 0) : all.server(bytes);
  }
  if (!all.over) all.end([&all] { all.lane.lose({}); });
  return 0;
}
