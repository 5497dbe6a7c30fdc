// tests/core/script.hpp - one client, one backend and the core between them, driven by hand:
//   script s;
//   s.client(parse("p", "select 1") + sync()).expect_server(parse(s.name(1), "select 1") + sync());
//   s.server(parse_complete() + ready()).expect_client(parse_complete() + ready());
// What is not expected is a failure at the next expectation of that side. Each expectation takes what has
// come.
#pragma once

#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "tests/core/messages.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {

class script {
 public:
  explicit script(std::size_t prepared_limit = 100, std::span<const std::string> session_functions = {})
      : prepared_limit_(prepared_limit),
        catalogue_{1 << 20, "secret", wire::session_functions{session_functions}} {}

  // `size` bytes at a time from here on; 0: all at once.
  script& in_pieces_of(std::size_t size);
  // The same for what the server sends; the client's units arrive at once.
  script& server_in_pieces_of(std::size_t size);
  // Unnamed statements are prepared under a shared name from the fifth time on; these came four times
  // already.
  script& shares_unnamed(const std::vector<std::string>& texts = {});
  // Somebody in the pool calls currval().
  script& reads_sequences();
  // For the clients' numbers in what has not been sent yet; outlives the script's steps.
  script& knows_processes(core::process_numbers& known);
  // Other clients wait for a backend: nothing is sent ahead.
  script& others_wait();

  script& client(const std::string& bytes);
  // "": what it sent before is offered again.
  script& server(const std::string& bytes);
  script& expect_server(const std::string& bytes);
  script& expect_client(const std::string& bytes);
  script& expect_quiet(bool quiet = true);
  script& expect_client_violation(const std::string& bytes);
  script& expect_no_room(const std::string& bytes);
  script& expect_server_violation(const std::string& bytes);

  // The name on servers of the n-th statement that was prepared.
  static std::string name(int n) { return "pgweir_secret_" + std::to_string(n); }

  core::statement_catalogue& catalogue() { return catalogue_; }  // of 1 MiB
  core::client_state& client_state() { return client_; }
  core::backend_state& backend_state() { return *backend_; }
  // Another client, on the same backend; or the same one, on another.
  script& change_client();
  script& change_backend();

 private:
  struct recording_sink final : wire::sink {
    void put(wire::bytes_view bytes) override { bytes_put += wire::as_text(bytes); }
    std::string take() { return std::exchange(bytes_put, {}); }
    std::string bytes_put;
  };

  void run_client();
  void run_server();
  core::relay_rules rules();

  std::size_t prepared_limit_;
  std::size_t piece_ = 0;  // of the client's bytes
  std::size_t server_piece_ = 0;
  bool may_start_unit_ = true;
  bool reads_sequences_ = false;
  core::process_numbers* processes_ = nullptr;
  core::statement_catalogue catalogue_;
  core::schema_mark& schema_ = catalogue_.mark_of("app");
  core::statement_finder texts_{catalogue_};
  bool shares_unnamed_ = false;
  core::client_state client_;
  std::uint64_t client_id_ = 1;
  std::unique_ptr<core::backend_state> backend_ = std::make_unique<core::backend_state>();
  std::string from_client_;
  std::string from_server_;
  recording_sink to_server_;
  recording_sink to_client_;
  const char* violation_ = nullptr;
  bool no_room_ = false;
};

// Runs `steps` on a fresh script with the bytes of both sides in pieces of every size up to 40: all
// expectations must hold for each.
void same_for_every_split(const std::function<void(script&)>& steps);

}  // namespace pgweir::test
