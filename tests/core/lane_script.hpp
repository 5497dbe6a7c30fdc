// tests/core/lane_script.hpp - several clients on one lane, driven by hand:
//   lane_script s;
//   s.join("a", query("select 1")).join("b", query("select 2"));
//   s.server(answer("1")).expect("a", answer("1"));
// What happened to a client besides its answer is in told(): "turn", "answered", "resend: <reason>", ...
#pragma once

#include "proxy/core/lane_queue.hpp"
#include "tests/core/messages.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::test {

class lane_script {
 public:
  explicit lane_script(std::size_t catalogue_bytes = 1 << 20);

  // `size` bytes of the server at a time from here on; 0: all at once.
  lane_script& in_pieces_of(std::size_t size);

  // Statements on the server.
  lane_script& room_for(std::size_t prepared_limit);
  // The backend still owes the answer to what makes it fit for these clients.
  lane_script& expect_exchange_first();

  lane_script& join(const std::string& client, const std::string& unit);
  // The same, under a Sync shared with others.
  lane_script& share(const std::string& client, const std::string& unit);
  lane_script& end_batch();
  lane_script& server(const std::string& bytes);
  lane_script& expect_server(const std::string& bytes);
  lane_script& expect(const std::string& client, const std::string& bytes);
  // Since it was last asked for.
  lane_script& expect_told(const std::string& client, const std::vector<std::string>& what);
  lane_script& expect_outcome(core::lane_step::outcome what);

  core::lane_queue& lane() { return lane_; }
  core::lane_rider& rider(const std::string& client) { return *clients_.at(client); }
  core::client_state& state(const std::string& client) { return clients_.at(client)->client; }
  core::backend_state& backend() { return backend_; }
  // What the server has sent and nobody has taken.
  wire::bytes_view untaken() const { return wire::as_bytes(from_server_); }
  // The name on servers of the n-th statement that was prepared.
  static std::string name(int n) { return "pgweir_secret_" + std::to_string(n); }
  core::statement_finder& texts() { return texts_; }

 private:
  lane_script& join(const std::string& client, const std::string& unit, bool withholds_sync);

  struct recording_sink final : wire::sink {
    void put(wire::bytes_view bytes) override { text += wire::as_text(bytes); }
    std::string text;
  };
  struct recording_rider final : core::lane_rider {
    core::client_state& state() override { return client; }
    wire::sink& answers() override { return got; }
    void on_turn() override { told.emplace_back("turn"); }
    void on_answered(const core::lane_answer& how) override;
    void on_resend(core::resend_reason why) override;
    void on_failed(core::lane_failure why, bool begun) override;

    core::client_state client;
    std::uint64_t id = 0;
    recording_sink got;
    std::vector<std::string> told;
  };

  core::statement_catalogue catalogue_;
  core::statement_finder texts_{catalogue_};
  core::backend_state backend_;
  core::lane_queue lane_{backend_, catalogue_.prefix()};
  std::map<std::string, std::unique_ptr<recording_rider>> clients_;
  std::string from_server_;
  recording_sink to_server_;
  std::size_t piece_ = 0;
  std::size_t prepared_limit_ = 100;
  core::lane_step::outcome outcome_ = core::lane_step::outcome::done;
};

// Runs `steps` with the server's bytes in pieces of every size up to 40: all expectations must hold for each.
void lane_same_for_every_split(const std::function<void(lane_script&)>& steps);

}  // namespace pgweir::test
