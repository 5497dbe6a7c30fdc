#include "tests/core/lane_simulation.hpp"

#include "proxy/core/unit_class.hpp"
#include "tests/core/lane_simulation_client.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::test {

const std::string lane_simulation::last_words = from_server::error(
    "57P01", "terminating connection due to administrator command", "ProcessInterrupts", "FATAL");

void lane_simulation_counts::operator+=(const lane_simulation_counts& more) {
  shared += more.shared;
  batched += more.batched;
  alone += more.alone;
  for (std::size_t i = 0; i < resent.size(); ++i) resent[i] += more.resent[i];
  for (std::size_t i = 0; i < failed.size(); ++i) failed[i] += more.failed[i];
  canceled += more.canceled;
  unnamed_shared += more.unnamed_shared;
  queries_prepared += more.queries_prepared;
  evictions += more.evictions;
}

lane_simulation::lane_simulation(const lane_simulation_rules& rules) : rules_(rules), dice_(rules.seed) {
  for (std::size_t i = 0; i < rules.clients; ++i)
    clients_.push_back(std::make_unique<client>(*this, i + 1, rules));
  other_.model.set_schema(schema_);
  open_lane();
}

lane_simulation::~lane_simulation() = default;

void lane_simulation::open_lane() {
  lane_.reset();
  shared_ = std::make_unique<simulated_server>();
  shared_->model.set_schema(schema_);
  lane_ = std::make_unique<core::lane_queue>(shared_->state, catalogue_.prefix());
  to_lane_.clear();
  is_drained_ = false;
  cancels_in_flight_ = 0;
}

void lane_simulation::run() {
  for (int events = 0; fault_.empty() && !is_over(); ++events) {
    event();
    if (events == 200000) fault_ = "it does not end";
  }
  if (!fault_.empty()) return;
  expect_settled(*shared_);
  expect_settled(other_);
  counts_.evictions += shared_->state.counts.evictions + other_.state.counts.evictions;
  counts_.queries_prepared += shared_->state.counts.queries_prepared;
  counts_.unnamed_shared += shared_->state.counts.unnamed_shared + other_.state.counts.unnamed_shared;
}

bool lane_simulation::is_over() const {
  return lane_->empty() && std::all_of(clients_.begin(), clients_.end(), [](const auto& one) {
           return one->at == client::place::gone || (one->at == client::place::idle && one->units_left == 0);
         });
}

void lane_simulation::event() {
  if (is_drained_ && lane_->empty() && cancels_in_flight_ == 0) is_drained_ = false;
  if (rules_.mishap > 0 && dice_.below(rules_.mishap) == 0) return mishap();
  switch (dice_.below(6)) {
    case 0:
    case 1: {
      auto& who = *clients_[dice_.below(clients_.size())];
      if (who.at == client::place::to_resend) run_alone(who);
      if (who.at == client::place::idle && who.units_left > 0) begin_unit(who);
      return;
    }
    case 2:
      return send_to_lane();
    case 3:
      shared_->work();
      return;
    default:
      return deliver_to_lane();
  }
}

void lane_simulation::mishap() {
  switch (dice_.below(10)) {
    case 0:
    case 1:
    case 2:
      if (auto* who = any_on_lane(); who != nullptr && lane_->serves_alone(*who)) {
        who->cancels = true;
        ++counts_.canceled;
        if (lane_->cancel_head()) ++cancels_in_flight_;
        is_drained_ = true;
      }
      return;
    case 3:
      if (auto* who = any_on_lane(); who != nullptr) {
        lane_->leave(*who);
        who->at = client::place::gone;
        expect_prefix(*who);
      }
      return;
    case 4:
    case 5:
      return take_back();
    case 6:
      return lose_lane();
    default:
      return change_schema();
  }
}

lane_simulation::client* lane_simulation::any_on_lane() {
  auto& who = *clients_[dice_.below(clients_.size())];
  return who.at == client::place::on_lane ? &who : nullptr;
}

core::relay_rules lane_simulation::rules_for(const client& of, bool on_lane) {
  return {.catalogue = catalogue_,
          .unnamed = rules_.shares_unnamed ? &texts_ : nullptr,
          .queries = rules_.shares_unnamed ? &texts_ : nullptr,
          .prepared_limit = rules_.prepared_limit,
          .client_id = of.id,
          .on_lane = on_lane};
}

void lane_simulation::begin_unit(client& of) {
  --of.units_left;
  of.unit = of.units.next();
  of.received.clear();
  of.cancels = of.had_turn = false;
  of.sent_at = schema_;
  const auto unit = wire::as_bytes(of.unit);
  const auto judged = core::classify_unit(of.core_state, unit, texts_, catalogue_.forcing());
  if (judged.need != core::lease_need::none || is_drained_) return run_alone(of);
  of.at = client::place::on_lane;
  text_sink to_server{to_lane_};
  auto rules = rules_for(of, true);
  rules.withholds_sync = rules_.shares_sync && judged.may_share_sync && dice_.below(4) > 0;
  if (!lane_->join(of, unit, {}, rules, to_server)) fail(of, "cannot join");
}

void lane_simulation::send_to_lane() {
  text_sink to_server{to_lane_};
  if (lane_->open_units() > 0) lane_->end_batch(to_server);
  shared_->requests += std::exchange(to_lane_, {});
}

void lane_simulation::deliver_to_lane() {
  if (dice_.below(8) == 0 && cancels_in_flight_ > 0) {
    --cancels_in_flight_;
    // Where nothing runs the server ignores it.
    if (shared_->model.is_in_unit() || !shared_->requests.empty()) shared_->model.cancel();
  }
  if (shared_->answers.empty() || lane_->empty()) return;
  const auto most = shared_->answers.size();
  const auto offered = dice_.below(3) == 0 ? most : 1 + dice_.below(most);
  const auto step = lane_->on_bytes(wire::as_bytes(std::string_view(shared_->answers).substr(0, offered)));
  shared_->answers.erase(0, step.consumed);
  if (step.what == core::lane_step::outcome::violation)
    fault_ = std::string("the server is said to violate the protocol: ") + step.violation;
  if (step.what == core::lane_step::outcome::transaction_open) {
    lane_->fail_all(core::lane_failure::transaction_open);
    return open_lane();
  }
}

void lane_simulation::take_back() {
  if (lane_->empty()) return;
  is_drained_ = true;
  lane_->take_back_queued();
}

// Some of what the server has answered still arrives.
void lane_simulation::lose_lane() {
  if (lane_->empty()) return;
  auto arrives = shared_->answers.substr(0, dice_.below(shared_->answers.size() + 1));
  if (dice_.below(2) == 0) arrives = shared_->answers + last_words;
  const auto step = lane_->on_bytes(wire::as_bytes(arrives));
  if (step.what == core::lane_step::outcome::transaction_open)
    lane_->fail_all(core::lane_failure::transaction_open);
  else
    lane_->lose(wire::as_bytes(std::string_view(arrives).substr(step.consumed)));
  if (!lane_->empty()) fault_ = "somebody is left on a lost lane";
  open_lane();
}

void lane_simulation::change_schema() {
  if (shared_->model.is_in_unit()) return;
  ++schema_;
  shared_->model.set_schema(schema_);
  other_.model.set_schema(schema_);
}

}  // namespace pgweir::test
