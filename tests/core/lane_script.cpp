#include "tests/core/lane_script.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace pgweir::test {

lane_script::lane_script(std::size_t catalogue_bytes) : catalogue_(catalogue_bytes, "secret") {}

lane_script& lane_script::room_for(std::size_t prepared_limit) {
  prepared_limit_ = prepared_limit;
  return *this;
}

lane_script& lane_script::expect_exchange_first() {
  backend_.expected.push({.request = core::request::query, .how = core::handling::swallow});
  return *this;
}

void lane_script::recording_rider::on_answered(const core::lane_answer& how) {
  const std::string error = how.error.sqlstate.data();
  told.push_back(error.empty() ? "answered" : "answered: " + error);
}

void lane_script::recording_rider::on_resend(core::resend_reason why) {
  static constexpr const char* names[] = {
      "canceled for another", "server lost", "statement missing", "stalled", "batch failed", "translated"};
  told.push_back(std::string("resend: ") + names[static_cast<std::size_t>(why)]);
}

void lane_script::recording_rider::on_failed(core::lane_failure why, bool begun) {
  static constexpr const char* names[] = {"server lost", "transaction open", "violation"};
  told.push_back(std::string("failed: ") + names[static_cast<std::size_t>(why)] +
                 (begun ? ", in the middle" : ""));
}

lane_script& lane_script::in_pieces_of(std::size_t size) {
  piece_ = size;
  return *this;
}

lane_script& lane_script::join(const std::string& client, const std::string& unit) {
  return join(client, unit, false);
}

lane_script& lane_script::share(const std::string& client, const std::string& unit) {
  return join(client, unit, true);
}

lane_script& lane_script::end_batch() {
  lane_.end_batch(to_server_);
  return *this;
}

lane_script& lane_script::join(const std::string& client, const std::string& unit, bool withholds_sync) {
  auto& one = clients_[client];
  if (one == nullptr) {
    one = std::make_unique<recording_rider>();
    one->id = clients_.size();
  }
  const core::relay_rules rules{.catalogue = catalogue_,
                                .unnamed = &texts_,
                                .queries = &texts_,
                                .prepared_limit = prepared_limit_,
                                .client_id = one->id,
                                .on_lane = true,
                                .withholds_sync = withholds_sync};
  EXPECT_TRUE(lane_.join(*one, wire::as_bytes(unit), {}, rules, to_server_));
  return *this;
}

lane_script& lane_script::server(const std::string& bytes) {
  const auto piece = piece_ == 0 ? bytes.size() : piece_;
  for (std::size_t at = 0; at < bytes.size() && outcome_ == core::lane_step::outcome::done; at += piece) {
    from_server_ += bytes.substr(at, piece);
    const auto step = lane_.on_bytes(wire::as_bytes(from_server_));
    from_server_.erase(0, step.consumed);
    outcome_ = step.what;
  }
  return *this;
}

lane_script& lane_script::expect_server(const std::string& bytes) {
  EXPECT_EQ(readable(std::exchange(to_server_.text, {})), readable(bytes)) << "to the server";
  return *this;
}

lane_script& lane_script::expect(const std::string& client, const std::string& bytes) {
  EXPECT_EQ(readable(std::exchange(clients_.at(client)->got.text, {})), readable(bytes)) << "to " << client;
  return *this;
}

lane_script& lane_script::expect_told(const std::string& client, const std::vector<std::string>& what) {
  EXPECT_EQ(std::exchange(clients_.at(client)->told, {}), what) << client;
  return *this;
}

lane_script& lane_script::expect_outcome(core::lane_step::outcome what) {
  EXPECT_EQ(outcome_, what);
  return *this;
}

void lane_same_for_every_split(const std::function<void(lane_script&)>& steps) {
  for (std::size_t piece = 0; piece <= 40; ++piece) {
    SCOPED_TRACE("pieces of " + std::to_string(piece) + " bytes");
    lane_script one;
    one.in_pieces_of(piece);
    steps(one);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace pgweir::test
