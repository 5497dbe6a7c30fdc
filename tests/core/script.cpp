#include "tests/core/script.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgweir::test {

script& script::in_pieces_of(std::size_t size) {
  piece_ = server_piece_ = size;
  return *this;
}

script& script::server_in_pieces_of(std::size_t size) {
  server_piece_ = size;
  return *this;
}

script& script::reads_sequences() {
  reads_sequences_ = true;
  return *this;
}

script& script::others_wait() {
  may_start_unit_ = false;
  return *this;
}

script& script::shares_unnamed(const std::vector<std::string>& texts) {
  shares_unnamed_ = true;
  for (const auto& one : texts)
    for (int i = 0; i < 4; ++i) texts_.note(wire::as_bytes(one + std::string(3, '\0')));
  return *this;
}

core::relay_rules script::rules() {
  return {.catalogue = catalogue_,
          .unnamed = shares_unnamed_ ? &texts_ : nullptr,
          .prepared_limit = prepared_limit_,
          .client_id = client_id_,
          .may_start_unit = may_start_unit_,
          .processes = processes_,
          .reads_sequences = reads_sequences_};
}

script& script::knows_processes(core::process_numbers& known) {
  processes_ = &known;
  run_client();
  return *this;
}

script& script::client(const std::string& bytes) {
  const auto piece = piece_ == 0 ? bytes.size() : piece_;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    from_client_ += bytes.substr(at, piece);
    run_client();
  }
  EXPECT_EQ(violation_, nullptr) << violation_;
  return *this;
}

script& script::server(const std::string& bytes) {
  const auto piece = server_piece_ == 0 ? bytes.size() : server_piece_;
  std::size_t at = 0;
  do {
    from_server_ += bytes.substr(at, piece);
    run_server();
    run_client();
    at += piece;
  } while (at < bytes.size());
  EXPECT_EQ(violation_, nullptr) << violation_;
  return *this;
}

void script::run_client() {
  const auto with = rules();
  client_.stale_up_to = std::max<std::uint64_t>(schema_, client_.own_stale_up_to);
  const auto step =
      core::request_relay{client_, *backend_, with, to_server_, to_client_}.run(wire::as_bytes(from_client_));
  from_client_.erase(0, step.consumed);
  if (step.what == core::request_outcome::violation) violation_ = step.violation;
  no_room_ = step.what == core::request_outcome::no_room;
}

void script::run_server() {
  for (bool go_on = true; go_on;) {
    const auto step = core::response_relay{client_, *backend_, catalogue_.prefix(), to_client_}.run(
        wire::as_bytes(from_server_));
    from_server_.erase(0, step.consumed);
    if (std::exchange(backend_->counts.schema_changes, 0) != 0) catalogue_.note_schema_change(schema_);
    if (std::exchange(backend_->counts.temporary_relations, 0) != 0)
      client_.own_stale_up_to = catalogue_.newest();
    const bool sends =
        step.what == core::response_outcome::replay || step.what == core::response_outcome::resync;
    go_on = step.what == core::response_outcome::unit_done || sends;
    if (step.what == core::response_outcome::violation) violation_ = step.violation;
    if (!sends) continue;
    const auto with = rules();
    core::request_relay relay{client_, *backend_, with, to_server_, to_client_};
    step.what == core::response_outcome::replay ? relay.replay() : relay.resync();
  }
}

script& script::expect_server(const std::string& bytes) {
  EXPECT_EQ(readable(to_server_.take()), readable(bytes)) << "to the server";
  return *this;
}

script& script::expect_client(const std::string& bytes) {
  EXPECT_EQ(readable(to_client_.take()), readable(bytes)) << "to the client";
  return *this;
}

script& script::expect_quiet(bool quiet) {
  EXPECT_EQ(backend_->is_quiet(), quiet);
  EXPECT_TRUE(!quiet || backend_->expected.empty());
  return *this;
}

script& script::expect_client_violation(const std::string& bytes) {
  from_client_ += bytes;
  run_client();
  EXPECT_NE(std::exchange(violation_, nullptr), nullptr);
  return *this;
}

script& script::expect_no_room(const std::string& bytes) {
  from_client_ += bytes;
  run_client();
  EXPECT_TRUE(no_room_);
  return *this;
}

script& script::expect_server_violation(const std::string& bytes) {
  from_server_ += bytes;
  run_server();
  EXPECT_NE(std::exchange(violation_, nullptr), nullptr);
  return *this;
}

script& script::change_client() {
  client_ = {};
  ++client_id_;
  return *this;
}

script& script::change_backend() {
  backend_ = std::make_unique<core::backend_state>();
  return *this;
}

void same_for_every_split(const std::function<void(script&)>& steps) {
  for (std::size_t piece = 0; piece <= 40; ++piece) {
    SCOPED_TRACE("pieces of " + std::to_string(piece) + " bytes");
    script one;
    one.in_pieces_of(piece);
    steps(one);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace pgweir::test
