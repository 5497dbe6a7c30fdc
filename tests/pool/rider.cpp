#include "tests/pool/rider.hpp"

#include <utility>

namespace pgweir::test {

void rider::ask(const pool::shared_profile& startup, std::chrono::nanoseconds expected) {
  expected_ = expected;
  pool_.acquire(*this, startup, pool::lane_wish{application_name_, expected, now()});
}

void rider::on_lane(pool::backend& shared, bool begins) {
  lane_ = &shared;
  begun_ = begins;
  if (begins) {
    shared.set_user(this);
    shared.application_name = application_name_;
    shared.load.head_since = now();
  }
  if (order != nullptr) order->push_back(this);
}

void rider::finish() {
  auto& shared = *std::exchange(lane_, nullptr);
  shared.load.head_since = now();
  pool_.units_left(shared, 1, expected_);
}

void rider::drop(metrics::close_reason why) {
  pool_.drain_lane(*lane_);
  pool_.drop_lane(*std::exchange(lane_, nullptr), why);
}

void rider::on_server_lost(io::io_status) {
  lost = true;
  drop(metrics::close_reason::server);
}

stream_of_units::stream_of_units(pool::pool& from, pool::shared_profile startup, std::size_t riders,
                                 std::chrono::nanoseconds ahead)
    : startup_(std::move(startup)) {
  for (std::size_t i = 0; i < riders; ++i) {
    riders_.push_back(std::make_unique<rider>(from));
    riders_.back()->order = &order_;
    riders_.back()->ahead = ahead;
    riders_.back()->ask(startup_);
  }
}

void stream_of_units::step() {
  auto& first = *order_.at(answered_++);
  first.finish();
  first.ask(startup_);
}

void stream_of_units::stop() {
  while (under_way() > 0) order_.at(answered_++)->finish();
}

}  // namespace pgweir::test
