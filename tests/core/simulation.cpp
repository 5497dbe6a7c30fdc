#include "tests/core/simulation.hpp"

#include "proxy/core/transaction_deferral.hpp"
#include "proxy/core/unit_reader.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/response.hpp"

#include <algorithm>

namespace pgweir::test {

simulation::simulation(const simulation_rules& rules)
    : dice_(rules.seed), prepared_limit_(rules.prepared_limit) {
  for (std::size_t i = 0; i < rules.clients; ++i) {
    clients_.push_back(std::make_unique<client>());
    clients_.back()->id = i + 1;
    clients_.back()->is_patient = rules.patient;
  }
  for (std::size_t i = 0; i < rules.servers; ++i) servers_.push_back(std::make_unique<server>());
}

void simulation::run() {
  while (fault_.empty() && step()) {
  }
}

// One thing that can happen happens; false if nothing can.
bool simulation::step() {
  const auto actors = clients_.size() + 2 * servers_.size();
  const auto first = dice_.below(actors);
  for (std::size_t i = 0; i < actors; ++i) {
    const auto who = (first + i) % actors;
    const auto at = (who - clients_.size()) / 2;
    bool moved = false;
    if (who < clients_.size())
      moved = arrive(*clients_[who]);
    else
      moved = (who - clients_.size()) % 2 == 0 ? servers_[at]->work() : answer(*servers_[at]);
    if (moved) return true;
  }
  return false;
}

// Whether somebody who begins the next unit when the one before is answered sends nothing now.
bool simulation::would_wait(const client& patient) {
  const bool is_copy = std::string_view("dcf").find(patient.to_send.front()) != std::string_view::npos;
  const bool is_owed = patient.lease != nullptr && patient.lease->state.expected.ready_owed() > 0;
  return patient.waits || (is_owed && !is_copy);
}

bool simulation::arrive(client& from) {
  if (from.to_send.empty() || from.kept.size() > 4096) return false;
  if (from.is_patient && would_wait(from)) return false;
  const auto n = from.is_patient ? wire::read_header(wire::as_bytes(from.to_send)).header.size()
                                 : 1 + dice_.below(dice_.below(4) == 0 ? 400 : 40);
  from.kept += from.to_send.substr(0, n);
  from.to_send.erase(0, n);
  offer(from);
  return true;
}

core::relay_rules simulation::rules_for(const client& of, bool may_start_unit) {
  return {.catalogue = catalogue_,
          .unnamed = &texts_,
          .prepared_limit = prepared_limit_,
          .client_id = of.id,
          .may_start_unit = may_start_unit};
}

bool simulation::answer(server& at) {
  if (at.answers.empty()) return false;
  if (at.user == nullptr) {
    fault_ = "an answer came for nobody: " + at.answers;
    return false;
  }
  auto& owner = *at.user;
  text_sink to_client{owner.received};
  text_sink to_server{at.requests};
  // Bytes not consumed must be offered again with more.
  auto offered = std::min(at.answers.size(), 1 + dice_.below(60));
  for (;;) {
    core::response_relay relay{owner.state, at.state, catalogue_.prefix(), to_client};
    const auto step = relay.run(wire::as_bytes(std::string_view(at.answers).substr(0, offered)));
    at.answers.erase(0, step.consumed);
    offered -= step.consumed;
    if (step.what == core::response_outcome::violation) {
      fault_ = std::string("the server is said to violate the protocol: ") + step.violation;
      return false;
    }
    if (step.what == core::response_outcome::replay) {
      const auto rules = rules_for(owner, true);
      core::request_relay{owner.state, at.state, rules, to_server, to_client}.replay();
    } else if (step.what == core::response_outcome::need_more) {
      if (offered == 0 || offered == at.answers.size()) break;
      offered = at.answers.size();
    }
  }
  settle(owner);
  return true;
}

void simulation::settle(client& of) {
  const auto& state = of.lease->state;
  if (state.is_quiet() && !of.state.in_unit && of.state.rest.how != core::passing::forward &&
      !of.state.needs_same_backend()) {
    auto& freed = *of.lease;
    freed.user = nullptr;
    of.lease = nullptr;
    if (!waiting_.empty()) {
      auto& next = *waiting_.front();
      waiting_.pop_front();
      next.waits = false;
      lend(freed, next);
    }
  }
  offer(of);
}

void simulation::offer(client& from) {
  while (!from.kept.empty() && !from.waits && fault_.empty()) {
    const auto bytes = wire::as_bytes(from.kept);
    std::size_t used = 0;
    if (from.lease != nullptr) {
      text_sink to_server{from.lease->requests};
      text_sink to_client{from.received};
      const auto rules = rules_for(from, waiting_.empty());
      const auto step =
          core::request_relay{from.state, from.lease->state, rules, to_server, to_client}.run(bytes);
      if (step.what == core::request_outcome::violation)
        fault_ = std::string("the client is said to violate the protocol: ") + step.violation;
      used = step.consumed;
      from.kept.erase(0, used);
      return;
    }
    const auto step = core::read_unit(from.state, bytes);
    used = step.bytes;
    if (step.what == core::unit_verdict::ready)
      wire::append_ready_for_query(from.received, from.state.deferred.status());
    if (step.what == core::unit_verdict::violation)
      fault_ = std::string("the client is said to violate the protocol: ") + step.violation;
    from.kept.erase(0, used);
    if (step.what == core::unit_verdict::need_more) return;
    if (step.what == core::unit_verdict::dispatch && !answer_begin(from)) ask_for_server(from);
  }
}

bool simulation::answer_begin(client& from) {
  const core::deferral_rules rules{.begins = begins_};
  const auto step = core::defer_transaction(from.state, wire::as_bytes(from.kept), rules, from.received);
  from.kept.erase(0, step.bytes);
  deferred_ += step.what == core::deferral_step::outcome::begun;
  return step.bytes > 0;
}

void simulation::ask_for_server(client& from) {
  std::vector<server*> idle;
  for (const auto& one : servers_)
    if (one->user == nullptr) idle.push_back(one.get());
  if (idle.empty() || !waiting_.empty()) {
    from.waits = true;
    waiting_.push_back(&from);
    return;
  }
  lend(*idle[dice_.below(idle.size())], from);
}

void simulation::lend(server& at, client& to) {
  at.user = &to;
  to.lease = &at;
  if (at.last_user != &to && at.state.dirty) {
    at.state.dirty = false;
    wire::append_query(at.requests, "discard all");
    at.state.expected.push({.request = core::request::query, .how = core::handling::swallow});
    at.state.prepared.clear();
    at.state.unnamed = core::unnamed_holder::none();
  }
  at.last_user = &to;
  offer(to);
}

std::string simulation::describe_stuck(const client& one) const {
  std::string what =
      "client " + std::to_string(one.id) + " is stuck, " + (one.waits ? "waits for a server" : "");
  if (one.lease != nullptr) {
    const auto& state = one.lease->state;
    what += "owed " + std::to_string(state.expected.size()) + ", transaction " + state.transaction +
            (state.skips_until_sync ? ", skips" : "") + (state.copy_in ? ", copy" : "") +
            (state.lost_count ? ", lost count" : "") + (one.state.in_unit ? ", in unit" : "") +
            ", to the server " + std::to_string(one.lease->requests.size()) + ", from the server " +
            std::to_string(one.lease->answers.size()) + "\n";
  }
  return what + "\n";
}

std::string simulation::fault() const {
  if (!fault_.empty()) return fault_;
  std::string stuck;
  for (const auto& one : clients_) {
    if (!one->to_send.empty() || !one->kept.empty() || one->waits) stuck += describe_stuck(*one);
  }
  if (!stuck.empty()) return stuck;
  for (const auto& one : clients_) {
    if (one->lease == nullptr) continue;
    const auto& state = one->lease->state;
    if (!state.expected.empty()) return "answers are still expected for client " + std::to_string(one->id);
    if (!one->state.in_unit && !one->state.needs_same_backend() && state.transaction == 'I')
      return "client " + std::to_string(one->id) + " keeps a backend without need";
  }
  for (const auto& one : servers_) {
    if (const auto found = one->prepared_fault(catalogue_.prefix()); !found.empty()) return found;
    if (one->state.is_quiet() && !one->state.expected.empty()) return "quiet, but answers are expected";
  }
  return {};
}

}  // namespace pgweir::test
