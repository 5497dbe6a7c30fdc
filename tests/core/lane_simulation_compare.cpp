// The part of the simulation that compares: what a client got with what a server of its own may have
// answered, and what the core believes with what the servers have.
#include "tests/core/lane_simulation_client.hpp"

#include <utility>

namespace pgweir::test {
namespace {

// What a server of the client's own may have answered: the schema may have changed before a statement was
// used, or pgweir prepared it afresh, or it was prepared for another client before the schema changed, which
// is not hidden from a client that does not ask for a description; and the client may have cancelled.
struct possible_world {
  model_server model;
  std::string answer;
};

constexpr std::size_t never = ~std::size_t{0};
constexpr std::size_t in_query = never - 1;

possible_world play(const model_server& before, const std::string& unit, std::size_t cancel_at) {
  possible_world made{before, {}};
  const auto messages = split(unit);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i == cancel_at) made.model.cancel();
    if (cancel_at == in_query) made.model.cancel_in_query();
    made.answer += made.model.answer(messages[i]);
  }
  return made;
}

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
    if (!may_be_canceled) continue;
    auto late = play(start, unit, in_query);
    if (suits(late.answer)) return {late, true};
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
