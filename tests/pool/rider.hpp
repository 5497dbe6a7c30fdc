// tests/pool/rider.hpp - units that may share a backend, and their places on lanes: what proxy/lane does with
// a lane, without queries. A unit is under way until the test says that it is answered.
#pragma once

#include "tests/pool/pool_fixture.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::test {

// A session with at most one unit. The one that begins a lane is the lane's user, and must outlive it.
class rider final : public pool::waiter, private pool::backend_user {
 public:
  explicit rider(pool::pool& from, std::string application_name = "")
      : pool_(from), application_name_(std::move(application_name)) {}
  ~rider() { pool_.give_up(*this); }

  void ask(const pool::shared_profile& startup,
           std::chrono::nanoseconds expected = std::chrono::microseconds{100});
  bool is_on_lane() const { return lane_ != nullptr; }
  pool::backend& lane() const { return *lane_; }
  bool has_begun() const { return begun_; }
  // The unit is answered, and the next one on the lane is the head.
  void finish();
  // The lane has broken: it was told so itself, or the test says so.
  void drop(metrics::close_reason why);

  // Its clock is so much ahead: whatever the machine does meanwhile, its wishes are fresh.
  std::chrono::nanoseconds ahead{};
  std::optional<pool::server_failure> failure;
  bool lost = false;
  std::vector<rider*>* order = nullptr;  // where it enters itself when it gets a place

 private:
  std::chrono::nanoseconds now() const { return io::clock::now().time_since_epoch() + ahead; }
  void on_backend(pool::lease) override { failure = pool::server_failure{"", "got a lease", true}; }
  void on_no_backend(const pool::server_failure& why) override { failure = why; }
  void on_lane(pool::backend& shared, bool begins) override;
  std::size_t on_server_bytes(std::span<const std::byte> arrived) override { return arrived.size(); }
  void on_server_drained() override {}
  void on_server_lost(io::io_status why) override;

  pool::pool& pool_;
  const std::string application_name_;
  pool::backend* lane_ = nullptr;
  bool begun_ = false;
  std::chrono::nanoseconds expected_{};
};

// Riders that keep their lanes full: whenever one's unit is answered, another one has asked already.
class stream_of_units {
 public:
  // `riders`: units under way or waiting at any time.
  stream_of_units(pool::pool& from, pool::shared_profile startup, std::size_t riders,
                  std::chrono::nanoseconds ahead = {});

  // The unit that got its place first is answered, and its session sends the next one at once.
  void step();
  std::size_t answered() const { return answered_; }
  std::size_t under_way() const { return order_.size() - answered_; }
  // All of them are answered, and no more come.
  void stop();

 private:
  const pool::shared_profile startup_;
  std::vector<rider*> order_;
  std::size_t answered_ = 0;
  std::vector<std::unique_ptr<rider>> riders_;
};

}  // namespace pgweir::test
