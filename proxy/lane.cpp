#include "proxy/lane.hpp"

#include "metrics/log.hpp"
#include "pool/lane_policy.hpp"
#include "proxy/core/statement_statistics.hpp"

#include <utility>

namespace pgweir::proxy {
namespace {

struct counting_sink final : wire::sink {
  explicit counting_sink(wire::sink& next) : to(next) {}
  void put(wire::bytes_view bytes) override {
    total += bytes.size();
    to.put(bytes);
  }

  wire::sink& to;
  std::size_t total = 0;
};

}  // namespace

// Else small answers would be too large together, and each unit be sent twice.
static_assert(config::most_in_lane_batch * core::statement_statistics::small_answer <=
              core::lane_queue::largest_held_for_several);
// Else the backend would stop to read before the answer is thought too large.
static_assert(core::lane_queue::largest_held_for_several < pool::backend::most_kept);

lane::lane(pool::backend& shared, core::backend_state& state, std::string_view statement_prefix)
    : shared_(shared), state_(state), queue_(state, statement_prefix) {}

void lane::begin(pool::pool& served) {
  pool_ = &served;
  stopped_since_ = {};
  shared_.set_user(this);
  if (!is_armed())
    shared_.on().timer.arm(*this, io::clock::now() + pool::policy::batch_stall_limit(served.settings()));
}

void lane::join(lane_session& who, wire::bytes_view unit, std::chrono::nanoseconds expected,
                const core::relay_rules& rules) {
  if (queue_.empty()) note_turn(io::clock::now());
  connection_sink to_backend{shared_, pool_->instruments().server_sent_bytes};
  counting_sink to_server{to_backend};
  if (!queue_.join(who, unit, expected, rules, to_server))
    return fail(core::lane_failure::violation, "a unit could not be sent whole");
  if (queue_.open_units() == 0) return;
  const bool is_on_its_way = to_server.total >= io::connection::written_at_once;
  if (is_on_its_way || queue_.open_units() >= pool_->settings().lane_batch) return end_batch();
  shared_.write_at_turn_end();
}

// What one turn of the loop brings goes as one batch.
void lane::on_server_write() {
  if (queue_.open_units() > 0) end_batch();
}

void lane::end_batch() {
  auto& counts = pool_->instruments();
  counts.lane_batches.add();
  counts.lane_batched_units.add(queue_.open_units());
  connection_sink to_server{shared_, counts.server_sent_bytes};
  queue_.end_batch(to_server);
}

void lane::leave(lane_session& who) {
  const bool was_head = is_head(who);
  queue_.leave(who);
  if (was_head) on_client_drained();
}

wire::sink& lane::answers_to(io::connection& client) {
  to_client_ = {client, pool_->instruments().client_sent_bytes};
  return to_client_;
}

bool lane::is_head(const lane_session& who) const { return !queue_.empty() && queue_.head() == &who; }

bool lane::serves_alone(const lane_session& who) const { return queue_.serves_alone(who); }

void lane::note_turn(io::clock::time_point now) { shared_.load.head_since = now.time_since_epoch(); }

// Whom the request hits cannot be told any more when it arrives: nobody new may come, and who is hit by
// mistake is sent again.
bool lane::cancel_head(std::shared_ptr<void> asked_on) {
  if (!queue_.cancel_head()) return false;
  pool_->drain_lane(shared_);
  pool_->cancel_query(shared_, std::move(asked_on));
  return true;
}

std::size_t lane::on_server_bytes(std::span<const std::byte> arrived) {
  const auto step = queue_.on_bytes(arrived);
  pool_->instruments().server_received_bytes.add(step.consumed);
  switch (step.what) {
    case core::lane_step::outcome::done:
      break;
    case core::lane_step::outcome::transaction_open:
      fail(core::lane_failure::transaction_open, "a unit left a transaction open");
      return arrived.size();
    case core::lane_step::outcome::violation:
      fail(core::lane_failure::violation, step.violation);
      return arrived.size();
  }
  take_counts(state_.counts, pool_->instruments());
  stop_reading_if_full();
  settle();
  return step.consumed;
}

void lane::settle() {
  const auto gone = queue_.take_departures();
  if (gone.units == 0) return;
  if (queue_.empty()) {
    // Without units the backend may go to another worker.
    shared_.on().timer.cancel(*this);
    memory_of(shared_).mourned.use.set(false);
  } else if (queue_.head() == nullptr) {
    note_turn(io::clock::now());  // nobody is told that it is the turn of a client that has gone
  }
  pool_->units_left(shared_, gone.units, gone.expected);
}

// A client that does not read its answer: the server stops, too, for a while.
void lane::stop_reading_if_full() {
  auto* head = queue_.empty() ? nullptr : static_cast<lane_session*>(queue_.head());
  const bool has_stopped = stopped_since_ != io::clock::time_point{};
  if (has_stopped || head == nullptr || !head->connection_of().wants_room()) return;
  shared_.pause_reading();
  stopped_since_ = io::clock::now();
}

void lane::on_client_drained() {
  if (stopped_since_ == io::clock::time_point{}) return;
  const auto stood_still = io::clock::now() - std::exchange(stopped_since_, {});
  pool_->instruments().backpressure_client_nanoseconds.add(static_cast<std::uint64_t>(stood_still.count()));
  shared_.resume_reading();
}

// Looks now and then whether the head holds up the others.
void lane::on_timeout() {
  namespace policy = pool::policy;
  if (queue_.empty()) return;
  const auto now = io::clock::now();
  const auto& settings = pool_->settings();
  // A batch that waits for a lock holds those of its other units: it could be a part of a deadlock.
  const bool must_end = queue_.head_must_end_soon();
  const auto limit = must_end ? policy::batch_stall_limit(settings) : policy::stall_limit(settings);
  auto* head = static_cast<lane_session*>(queue_.head());
  const bool stopped = head != nullptr && stopped_since_ != io::clock::time_point{};
  if (stopped && settings.client_write_timeout.count() > 0 &&
      now - stopped_since_ >= settings.client_write_timeout) {
    pool_->instruments().lane_closes[metrics::lane_close_reason::client_stalled].add();
    head->on_write_timeout();
  } else if (policy::is_stalled(now - head_since(), shared_.stream().has_unread(), limit)) {
    pool_->drain_lane(shared_);
    queue_.take_back_queued();
    if (queue_.head() == nullptr) {
      on_client_drained();
      if ((must_end || settings.cancel_on_disconnect) && shared_.cancels_in_flight == 0)
        pool_->cancel_query(shared_);
    }
  }
  shared_.on().timer.arm(*this, now + policy::batch_stall_limit(settings));
}

void lane::on_server_lost(io::io_status why) {
  const bool had_units = !queue_.empty();
  pool_->drain_lane(shared_);
  queue_.lose(shared_.kept_bytes());
  if (had_units) pool_->instruments().lane_closes[metrics::lane_close_reason::server].add();
  metrics::log::event(metrics::log::level::warning, "shared server connection lost",
                      {{"database", pool_->database()},
                       {"user", pool_->user()},
                       {"server_pid", shared_.welcome().process_id},
                       {"reason", !state_.fatal.empty()          ? state_.fatal
                                  : why == io::io_status::closed ? std::string("closed by the server")
                                                                 : shared_.stream().error()}});
  drop(metrics::close_reason::server);
}

void lane::fail(core::lane_failure why, const char* what) {
  const auto reason = why == core::lane_failure::transaction_open
                          ? metrics::lane_close_reason::transaction_open
                          : metrics::lane_close_reason::protocol;
  pool_->instruments().lane_closes[reason].add();
  metrics::log::event(metrics::log::level::error, "shared server connection closed",
                      {{"database", pool_->database()},
                       {"user", pool_->user()},
                       {"server_pid", shared_.welcome().process_id},
                       {"units", static_cast<std::int64_t>(queue_.size())},
                       {"reason", what}});
  pool_->drain_lane(shared_);
  queue_.fail_all(why);
  drop(metrics::close_reason::dirty);
}

void lane::drop(metrics::close_reason why) {
  queue_.take_departures();  // the pool forgets the whole lane
  shared_.on().timer.cancel(*this);
  pool_->drop_lane(shared_, why);
}

}  // namespace pgweir::proxy
