// pool/worker_pool.hpp - the pool proper: one worker's backends and waiters of one (database, user).
//
// Every change (a backend comes back, arrives, is lost; a waiter comes; a login ends) leads to serve(), which
// hands out and secures backends until nothing more can be done. Thread rule: the worker's thread.
#pragma once

#include "pool/backend_set.hpp"
#include "pool/connector.hpp"
#include "pool/lane_demand.hpp"
#include "pool/lane_tuner.hpp"
#include "pool/pool.hpp"
#include "pool/pool_policy.hpp"
#include "pool/shared_pool.hpp"
#include "pool/waiting_line.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace boost::asio {
class thread_pool;
}

namespace pgweir::pool {

struct worker_pool_deps {
  io::loop& loop;
  boost::asio::thread_pool& blocking;  // for PQcancel; joined before the loop ends
  std::size_t worker;
  std::shared_ptr<shared_pool> shared;
  login_request server;
  metrics::pool_instruments& instruments;
};

class worker_pool final : public pool, private connector_user, private pool_sibling, private io::timeout {
 public:
  explicit worker_pool(worker_pool_deps deps);
  ~worker_pool();

  void acquire(waiter& who, const shared_profile& startup, const std::optional<lane_wish>& wish) override;
  void give_up(waiter& who) override;
  bool has_waiters() const override;
  bool is_short() const override;
  void cancel_query(backend& target, std::shared_ptr<void> until_done) override;
  void hold(backend& target) override;
  void let_go(std::uint64_t id) override;
  void units_left(backend& lane, std::size_t units, std::chrono::nanoseconds expected) override;
  void drain_lane(backend& lane) override;
  void drop_lane(backend& lane, metrics::close_reason why) override;
  const std::optional<server_failure>& last_failure() const override { return connector_.last_failure(); }
  io::clock::time_point logins_changed_at() const override { return shared_->logins_changed_at(); }
  sequence_habits& sequences() override { return shared_->sequences(); }
  pin_budget& pins() override { return shared_->pins(); }
  const config::pool_settings& settings() const override { return shared_->settings(); }
  metrics::pool_instruments& instruments() override { return instruments_; }
  const std::string& database() const override { return shared_->database(); }
  const std::string& user() const override { return shared_->user(); }

  // Lifetime, idle timeout, minimum size. `now` is the pool's idea of time until the next call.
  void tick(io::clock::time_point now);
  // No more backends: waiters are told so, idle ones are closed, lent ones as soon as they come back.
  void close_all();
  std::size_t size() const { return set_.size(); }

 private:
  void take_back(backend& returned) override;
  void drop(backend& discarded, metrics::close_reason why) override;
  std::size_t on_idle_bytes(backend& idle, std::span<const std::byte> arrived) override;
  void on_idle_lost(backend& idle, io::io_status why) override;

  void on_connected(server_connection made, const shared_profile& startup) override;
  void on_failed(const server_failure& why, const shared_profile& startup) override;
  void on_back_off_over() override { serve(); }

  void on_timeout() override { serve(); }

  void on_wake() override;
  void on_asked(std::size_t by, const shared_profile& profile, bool any) override;
  void on_vacate(const std::string& name) override;

  void serve();
  bool hand_out_one();
  bool secure_one();
  bool reclaim_one();
  bool open_for(const waiter& who);
  bool front_claims(const waiter& next) const;
  waiter* first_uncovered() const;
  bool may_replace_for(const waiter& who) const;
  bool may_have(const waiter& who, const backend& offered) const;
  void grant(waiter& who, backend& given);
  void make_available(backend& clean);
  void close_if_in_the_way(std::uint64_t id);

  bool seat(waiter& who, const shared_profile& startup, const lane_wish& wish, bool may_begin);
  bool seat_one();
  std::size_t working_lanes(std::chrono::nanoseconds now) const;
  bool may_begin_lane() const;
  void open_another(const shared_profile& startup);
  backend* lane_for(const waiter& who, const shared_profile& startup, const lane_wish& wish,
                    std::chrono::nanoseconds now);
  void join(waiter& who, backend& lane, std::chrono::nanoseconds expected, bool begins);
  bool note_crowd(std::chrono::nanoseconds now);
  bool may_lease(std::chrono::nanoseconds ticket) const;
  policy::lease_snapshot lease_view(std::chrono::nanoseconds ticket) const;
  void make_room_for_leases();
  std::vector<backend*> idle_now() const;
  void retire_old_lanes();
  void retire_outdated();

  bool goes_to_sibling(const backend& idle) const;
  void schedule_sharing();
  void share();
  void hand_over(backend& idle, std::size_t to);
  void announce();
  void publish_idle() { shared_->set_idle(worker_, set_.in(backend_state::idle).size()); }

  enum class budget { give_back, keep };
  void close(backend& gone, metrics::close_reason why, budget slot = budget::give_back);
  void cancel_done(std::uint64_t id, const std::string& error);
  bool is_outdated(const backend& one) const { return one.login_began() <= shared_->logins_changed_at(); }
  std::optional<metrics::close_reason> reason_to_end(const backend& one) const;

  io::loop& loop_;
  boost::asio::thread_pool& blocking_;
  const std::size_t worker_;
  const std::shared_ptr<shared_pool> shared_;
  metrics::pool_instruments& instruments_;
  connector connector_;
  backend_set set_;
  waiting_line line_;
  // Of the newest acquire: what the minimum size is filled up with. Null: nobody has asked for a backend, or
  // not since the server refused one for good, or since the database was vacated.
  shared_profile last_profile_;
  bool vacated_ = false;  // see pool_registry::vacate; until somebody asks for a backend no idle one is kept
  io::clock::time_point now_ = io::clock::now();
  io::clock::time_point last_lease_end_{};
  io::clock::time_point logins_changed_at_{};  // as of the last retire_outdated()
  lane_demand demand_;
  std::size_t lane_units_ = 0;  // on all lanes
  double crowd_ = 0;            // see policy::decayed_peak
  lane_tuner tuner_;
  std::chrono::nanoseconds announced_ticket_{};
  bool announced_any_ = false;
  bool serving_ = false;
  bool sharing_ = false;  // share() is posted; until then idle backends may be meant for siblings
  bool asking_ = false;   // a sibling was asked for a backend
  bool closing_ = false;
  enum class refusal { none, of_profile, of_any } refused_ = refusal::none;  // the siblings' last answer
};

}  // namespace pgweir::pool
