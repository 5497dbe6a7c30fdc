// The part of a session that decides whether a unit may share a backend, and has it on a lane.
#include "pool/lane_policy.hpp"
#include "proxy/core/unit_class.hpp"
#include "proxy/session.hpp"
#include "proxy/wire/message_type.hpp"

#include <functional>
#include <utility>

namespace pgweir::proxy {
namespace {

using metrics::lease_reason;

lease_reason reason_of(core::lease_need need) {
  switch (need) {
    case core::lease_need::several_statements:
      return lease_reason::several_statements;
    case core::lease_need::command:
      return lease_reason::command;
    case core::lease_need::locks_rows:
      return lease_reason::locks_rows;
    case core::lease_need::session_function:
      return lease_reason::session_function;
    case core::lease_need::temporary:
      return lease_reason::temporary;
    case core::lease_need::writes:
      return lease_reason::writes;
    case core::lease_need::incomplete:
      return lease_reason::incomplete;
    case core::lease_need::pipelined:
      return lease_reason::pipelined;
    case core::lease_need::none:
    case core::lease_need::not_understood:
      break;
  }
  return lease_reason::not_understood;
}

metrics::resend_reason reason_of(core::resend_reason why) {
  switch (why) {
    case core::resend_reason::canceled_for_another:
      return metrics::resend_reason::canceled_for_another;
    case core::resend_reason::server_lost:
      return metrics::resend_reason::server_lost;
    case core::resend_reason::statement_missing:
      return metrics::resend_reason::statement_missing;
    case core::resend_reason::batch_failed:
      return metrics::resend_reason::batch_failed;
    case core::resend_reason::translated:
      return metrics::resend_reason::translated;
    case core::resend_reason::stalled:
      break;
  }
  return metrics::resend_reason::stalled;
}

bool demotes(const core::statement& stand_in, const core::statement_statistics::known& by) {
  using finder = core::statement_finder;
  return by.shared_plan_is_worse ? finder::demote(stand_in) : finder::demote_if_slow(stand_in, by.usual);
}

}  // namespace

// No wish: a lease, for lease_reason_.
std::optional<pool::lane_wish> session::consider_sharing(std::span<const std::byte> unit) {
  using proven = core::statement_statistics::verdict;
  const auto& settings = pool_.settings();
  const bool shares = settings.multiplex == config::multiplex::automatic;
  statement_key_ = 0;
  plan_.reset();
  lease_reason_ = keeps_backend() ? lease_reason::session_mode : lease_reason::off;
  if (keeps_backend()) return std::nullopt;
  if (is_subscribed()) {
    lease_reason_ = lease_reason::listens;
    return std::nullopt;
  }
  if (!client_.deferred.is_none()) {
    lease_reason_ = lease_reason::in_transaction;
    return std::nullopt;
  }
  const bool may_be_unnamed = settings.prepare_unnamed == config::prepare_unnamed::automatic &&
                              static_cast<char>(unit.front()) == wire::frontend::parse;
  if (!shares && !may_be_unnamed) return std::nullopt;

  const auto judged = core::classify_unit(client_, unit, host_.texts, host_.catalogue.forcing());
  if (judged.fingerprint != 0) statement_key_ = judged.fingerprint ^ std::hash<const void*>{}(&pool_);
  const auto known = host_.statistics.look_up(statement_key_, pool::policy::longest_shared(settings));
  if (judged.stand_in != nullptr && demotes(*judged.stand_in, known)) {
    pool_.instruments().unnamed_demoted.add();
    host_.statistics.forget_plans(statement_key_);
  }
  if (!shares) return std::nullopt;
  lease_reason_ = reason_of(judged.need);
  if (judged.need != core::lease_need::none) return std::nullopt;
  unit_size_ = static_cast<std::uint32_t>(judged.size);
  expected_ = known.expected;
  const bool goes_as_it_is =
      judged.is_query && (known.is_planned_anew || settings.prepare_simple == config::prepare_simple::off);
  may_share_sync_ = judged.may_share_sync && !goes_as_it_is && !known.is_apart && settings.lane_batch > 1;
  if (judged.is_query && judged.stand_in != nullptr)
    plan_ = may_share_sync_ ? core::plan::shared : core::plan::anew;
  switch (known.judged) {
    case proven::unproven:
      lease_reason_ = lease_reason::unproven;
      return std::nullopt;
    case proven::slow:
      lease_reason_ = lease_reason::slow;
      return std::nullopt;
    case proven::large:
      lease_reason_ = lease_reason::large;
      return std::nullopt;
    case proven::proven:
      break;
  }
  return wish();
}

pool::lane_wish session::wish() const {
  return {application_name_.now(), expected_, since_.time_since_epoch()};
}

// A lease without a wish. What has to wait is kept.
void session::ask_pool(const std::optional<pool::lane_wish>& wish) {
  pool_.acquire(*this, greeting_->startup, wish);
  if (is_waiting()) enter(phase::waiting);
}

void session::ask_for_lease(lease_reason why) {
  lease_reason_ = why;
  ask_pool(std::nullopt);
}

void session::on_lane(pool::backend& shared, bool begins) {
  lane_ = &lane_of(shared, host_.catalogue.prefix());
  if (begins) {
    lane_->begin(pool_);
    if (shared.connected_at() > greeting_->learnt_from) greetings::learn(*greeting_, shared);
    prepare_for(shared, {.client_id = 0, .application_name = application_name_.now(), .profile = profile_},
                pool_.instruments());
  }
  const auto unit = asked_for().first(unit_size_);
  auto rules = relay_rules();
  rules.on_lane = true;
  rules.may_start_unit = true;
  rules.withholds_sync = may_share_sync_;
  lane_->join(*this, unit, expected_, rules);
  if (lane_ != nullptr && phase_ != phase::active) enter(phase::queued);
}

void session::on_turn() {
  const auto now = io::clock::now();
  if (lane_->serves_alone(*this)) observe_wait(metrics::wait_outcome::ok, now);
  unit_since_ = now;
  lane_->note_turn(now);
  enter(phase::active);
}

void session::on_answered(const core::lane_answer& how) {
  lane_ = nullptr;
  const auto now = io::clock::now();
  const auto together = now - unit_since_;
  const auto took = together / static_cast<std::int64_t>(how.batch);
  if (how.batch > 1) observe_wait(metrics::wait_outcome::ok, now - took);
  auto& counts = pool_.instruments();
  counts.client_received_bytes.add(unit_size_);
  counts.lane_units.add();
  counts.lane_expected_nanoseconds.add(static_cast<std::uint64_t>(expected_.count()));
  counts.lane_real_nanoseconds.add(static_cast<std::uint64_t>(took.count()));
  counts.first_response.observe(took);
  counts.query.observe(took);
  counts.queries.add();
  counts.transaction.observe(took);
  counts.transactions.add();
  const auto limit = pool::policy::longest_shared(pool_.settings());
  if (how.batch > 1)
    host_.statistics.observe_together(statement_key_, {together, how.batch, how.batch_number}, how.bytes,
                                      limit);
  else
    host_.statistics.observe(statement_key_, took, how.bytes, limit);
  // A share of a batch says too little of one of its units.
  if (plan_ && how.batch == 1) host_.statistics.observe_plan(statement_key_, *plan_, took);
  if (how.noticed) host_.statistics.note_notice(statement_key_);
  if (how.error.sqlstate[0] != '\0') note_server_error(how.error.sqlstate.data());
  enter(phase::idle);
  consume_kept(unit_size_);
  offer_kept_bytes();
}

// Not a word of the answer has reached the client, so it goes again: on a backend of its own; if others, or
// how it was put, have made it fail, by itself and as it came, which as a rule is the same lane.
void session::on_resend(core::resend_reason why) {
  lane_ = nullptr;
  pool_.instruments().resent_units[reason_of(why)].add();
  enter(phase::idle);
  switch (why) {
    case core::resend_reason::stalled:
      return ask_for_lease(lease_reason::stalled);
    case core::resend_reason::canceled_for_another:
    case core::resend_reason::server_lost:
    case core::resend_reason::statement_missing:
      return ask_for_lease(lease_reason::resent);
    case core::resend_reason::translated:
      host_.statistics.set_apart(statement_key_);
      break;
    case core::resend_reason::batch_failed:
      break;
  }
  may_share_sync_ = false;
  if (plan_) plan_ = core::plan::anew;
  ask_pool(wish());
}

void session::on_failed(core::lane_failure why, bool begun) {
  auto* lost = std::exchange(lane_, nullptr);
  answer_is_cut_ = begun;
  if (begun || why == core::lane_failure::server_lost) {
    const auto said = lost->last_words();
    return end(said.empty() ? outcome::server_lost : outcome::server_said_fatal, said);
  }
  enter(phase::idle);
  const auto told = why == core::lane_failure::transaction_open
                        ? "A query on it left a transaction open, which must not happen there."
                        : "The server's answer did not fit what was asked.";
  refuse_unit(error_of(outcome::unit_lost_its_lane, told));
}

void session::note_server_error(const char* sqlstate) {
  count_error(metrics::error_origin::server, sqlstate);
  if (statement_key_ != 0) host_.statistics.set_apart(statement_key_);
}

// The unit of a lease is answered. Only the first one was looked at.
void session::observe_unit(std::chrono::nanoseconds took, std::size_t answer_bytes) {
  pool_.instruments().lease_units[lease_reason_].add();
  lease_reason_ = keeps_backend() ? lease_reason::session_mode : lease_reason::in_transaction;
  const auto key = std::exchange(statement_key_, 0);
  if (key == 0) return;
  host_.statistics.observe(key, took, answer_bytes, pool::policy::longest_shared(pool_.settings()));
  if (plan_) host_.statistics.observe_plan(key, core::plan::anew, took);
}

}  // namespace pgweir::proxy
