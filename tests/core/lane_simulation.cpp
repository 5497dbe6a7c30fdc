#include "tests/core/lane_simulation.hpp"

#include "proxy/core/unit_class.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::test {
namespace {

const auto last_words = from_server::error("57P01", "terminating connection due to administrator command",
                                           "ProcessInterrupts", "FATAL");

}  // namespace

void lane_simulation_counts::operator+=(const lane_simulation_counts& more) {
  shared += more.shared;
  alone += more.alone;
  for (std::size_t i = 0; i < resent.size(); ++i) resent[i] += more.resent[i];
  for (std::size_t i = 0; i < failed.size(); ++i) failed[i] += more.failed[i];
  canceled += more.canceled;
  unnamed_shared += more.unnamed_shared;
  evictions += more.evictions;
}

class lane_simulation::client final : public core::lane_rider {
 public:
  enum class place : std::uint8_t { idle, on_lane, to_resend, gone };

  client(lane_simulation& owner, std::uint64_t number, const lane_simulation_rules& rules)
      : id(number),
        units_left(rules.units),
        units(rules.seed * 100 + number, "c" + std::to_string(number)),
        owner_(owner) {}

  core::client_state& state() override { return core_state; }
  wire::sink& answers() override { return sink_; }
  void on_turn() override {
    if (at != place::on_lane || std::exchange(had_turn, true)) owner_.fail(*this, "gets an unasked turn");
  }
  void on_answered(const core::lane_answer& how) override {
    leave_lane("answered");
    ++owner_.counts_.shared;
    if (how.bytes == 0) owner_.fail(*this, "is told of an answer without a byte");
    owner_.compare(*this);
  }
  void on_resend(core::resend_reason why) override {
    leave_lane("sent again");
    ++owner_.counts_.resent[static_cast<std::size_t>(why)];
    if (!received.empty()) owner_.fail(*this, "is sent again after a part of its answer");
    owner_.expect_names_as_before(*this, false);
    at = place::to_resend;
  }
  void on_failed(core::lane_failure why, bool) override {
    leave_lane("failed");
    ++owner_.counts_.failed[static_cast<std::size_t>(why)];
    owner_.expect_prefix(*this);
    if (why == core::lane_failure::server_lost) {
      at = place::gone;
      return;
    }
    owner_.expect_names_as_before(*this, true);
    if (!received.empty()) at = place::gone;
  }

  const std::uint64_t id;
  std::size_t units_left;
  lane_unit_generator units;
  core::client_state core_state;
  place at = place::idle;
  bool had_turn = false;
  bool cancels = false;  // its own unit
  std::string unit;
  int sent_at = 0;  // version of the schema
  std::string received;
  model_server alone;  // what a server of its own would have done of all units before

 private:
  void leave_lane(const char* how) {
    if (at != place::on_lane) owner_.fail(*this, std::string("is not on the lane, but told: ") + how);
    at = place::idle;
  }

  lane_simulation& owner_;
  text_sink sink_{received};
};

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
  switch (dice_.below(4)) {
    case 0: {
      auto& who = *clients_[dice_.below(clients_.size())];
      if (who.at == client::place::to_resend) run_alone(who);
      if (who.at == client::place::idle && who.units_left > 0) begin_unit(who);
      return;
    }
    case 1:
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
      if (auto* who = any_on_lane(); who != nullptr && lane_->head() == who) {
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
  text_sink to_server{shared_->requests};
  const auto rules = rules_for(of, true);
  if (!lane_->join(of, unit, {}, rules, to_server)) fail(of, "cannot join");
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

void lane_simulation::run_alone(client& of) {
  ++counts_.alone;
  const bool lane_is_free = lane_->empty() && cancels_in_flight_ == 0 && shared_->requests.empty();
  auto& at = lane_is_free && dice_.below(2) == 0 ? *shared_ : other_;
  std::string kept;
  auto rest = of.unit;
  for (int turns = 0; exchange(of, at, rest, kept) && fault_.empty(); ++turns)
    if (turns == 20000) fail(of, "is stuck");
  of.at = client::place::idle;
  if (fault_.empty() && !at.state.is_quiet()) fail(of, "leaves a backend that is not quiet");
  if (fault_.empty()) compare(of);
}

// False: all is answered, and no transaction is open.
bool lane_simulation::exchange(client& of, simulated_server& at, std::string& rest, std::string& kept) {
  // The session has gathered the unit: one that comes in pieces may not go again.
  kept += std::exchange(rest, {});
  text_sink to_server{at.requests};
  const auto rules = rules_for(of, false);
  const auto step =
      core::request_relay{of.core_state, at.state, rules, to_server, of.answers()}.run(wire::as_bytes(kept));
  kept.erase(0, step.consumed);
  if (step.what == core::request_outcome::violation) fail(of, step.violation);
  for (auto messages = dice_.below(4); messages > 0; --messages) at.work();
  deliver(of, at);
  if (!rest.empty() || !kept.empty() || !at.requests.empty() || !at.answers.empty()) return true;
  if (at.state.transaction == 'I') return false;
  rest = from_client::query("rollback");
  of.unit += rest;
  return true;
}

void lane_simulation::deliver(client& to, simulated_server& at) {
  auto offered = at.answers.size();
  if (dice_.below(2) == 0) offered = std::min(offered, 1 + dice_.below(60));
  for (bool go_on = true; go_on && fault_.empty();) {
    core::response_relay relay{to.core_state, at.state, catalogue_.prefix(), to.answers()};
    const auto step = relay.run(wire::as_bytes(std::string_view(at.answers).substr(0, offered)));
    at.answers.erase(0, step.consumed);
    offered -= step.consumed;
    go_on = step.what != core::response_outcome::need_more;
    if (step.what == core::response_outcome::violation) fail(to, step.violation);
    if (step.what != core::response_outcome::replay) continue;
    text_sink to_server{at.requests};
    const auto rules = rules_for(to, false);
    core::request_relay{to.core_state, at.state, rules, to_server, to.answers()}.replay();
  }
}

namespace {

// What a server of the client's own may have answered: the schema may have changed before a statement was
// used, or pgweir prepared it afresh, or it was prepared for another client before the schema changed, which
// is not hidden from a client that does not ask for a description; and the client may have cancelled.
struct possible_world {
  model_server model;
  std::string answer;
};

possible_world play(const model_server& before, const std::string& unit, std::size_t cancel_at) {
  possible_world made{before, {}};
  const auto messages = split(unit);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i == cancel_at) made.model.cancel();
    made.answer += made.model.answer(messages[i]);
  }
  return made;
}

constexpr std::size_t never = ~std::size_t{0};

// The first one that suits, or the plainest with suits = false.
template <class Suits>
std::pair<possible_world, bool> find_world(const model_server& before, const std::string& unit,
                                           bool may_be_canceled, Suits suits) {
  auto start = before;
  start.ignore_schema(true);
  auto plainest = play(start, unit, never);
  if (suits(plainest.answer)) return {plainest, true};
  const auto messages = may_be_canceled ? split(unit).size() : 0;
  enum class schema : std::uint8_t { as_it_is, ignored, expired };
  for (const auto how : {schema::as_it_is, schema::ignored, schema::expired}) {
    start.ignore_schema(how == schema::ignored);
    if (how == schema::expired) start.expire_shapes();
    for (std::size_t i = 0; i <= messages; ++i) {
      auto one = play(start, unit, i == messages ? never : i);
      if (suits(one.answer)) return {one, true};
    }
  }
  return {plainest, false};
}

}  // namespace

void lane_simulation::compare(client& of) {
  of.alone.set_schema(schema_, of.sent_at);
  auto [world, found] = find_world(of.alone, of.unit, of.cancels,
                                   [&](const std::string& answer) { return answer == of.received; });
  if (!found) return fail(of, "should have got:\n" + readable(world.answer));
  of.alone = std::move(world.model);
  expect_names_as_before(of, true);
}

void lane_simulation::expect_prefix(const client& of) {
  auto got = of.received;
  if (got.ends_with(last_words)) got.erase(got.size() - last_words.size());
  auto before = of.alone;
  before.set_schema(schema_, of.sent_at);
  const auto [world, found] = find_world(before, of.unit, of.cancels,
                                         [&](const std::string& answer) { return answer.starts_with(got); });
  if (!found) fail(of, "should have got a part of:\n" + readable(world.answer));
}

void lane_simulation::expect_names_as_before(const client& of, bool unnamed_too) {
  for (const auto* name : {"a", "b"}) {
    const bool known = of.core_state.statements.find(name) != nullptr;
    if (known != of.alone.named().contains(name))
      return fail(of, std::string(known ? "is believed to have " : "is believed not to have ") + name);
  }
  const bool has_unnamed = of.core_state.unnamed.current() != nullptr;
  if (unnamed_too && has_unnamed != of.alone.has_unnamed())
    fail(of, has_unnamed ? "is believed to have an unnamed statement" : "has an unnamed statement unknown");
}

void lane_simulation::expect_settled(const simulated_server& at) {
  if (!at.state.is_quiet()) fault_ = "the server is not quiet at the end";
  if (const auto found = at.prepared_fault(catalogue_.prefix()); !found.empty()) fault_ = found;
}

void lane_simulation::fail(const client& of, const std::string& what) {
  if (!fault_.empty()) return;
  std::string got = of.received;
  try {
    got = readable(got);
  } catch (const std::exception&) {
  }
  fault_ = "client " + std::to_string(of.id) + " " + what.substr(0, 1000) + "\nunit:\n" + readable(of.unit) +
           "received:\n" + got.substr(0, 1000);
}

}  // namespace pgweir::test
