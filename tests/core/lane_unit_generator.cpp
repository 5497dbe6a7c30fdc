#include "tests/core/lane_unit_generator.hpp"

#include "tests/core/messages.hpp"

namespace pgweir::test {

using namespace from_client;

std::string lane_unit_generator::next() {
  switch (dice_.below(16)) {
    case 0:
    case 1:
    case 2:
      return query(text());
    case 3:
    case 4:
    case 5:
      return in_one_batch("");
    case 6:
    case 7:
      return parse_some(statement_name()) + sync();
    case 8: {
      const auto name = statement_name();
      return parse_some(name) + describe_statement(name) + sync();
    }
    case 9:
    case 10:
    case 11:
      return bound_later(statement_name());
    case 12:
      return in_one_batch(dice_.pick({"a", "b"}));
    case 13:
      return close_statement(statement_name()) + sync();
    default:
      return mixed();
  }
}

// A named statement is not prepared afresh when the types that it was analysed with change.
std::string lane_unit_generator::parse_some(const std::string& name) {
  return parse(name, name.empty() && dice_.below(8) == 0 ? "select typed" : text());
}

std::string lane_unit_generator::text() {
  if (dice_.below(300) == 0) return "select large " + mark_;
  if (dice_.below(60) == 0) return "select opens " + mark_;
  return dice_.pick({"select 1", "select 1", "select 2", "select 3", "select mine " + mark_, "select rows",
                     "select rows " + mark_, "select fails", "select fails " + mark_,
                     "select broken " + mark_, "select broken", "select shaped", "select $1",
                     with_literal()});
}

// What is lifted out of a simple Query (wire/lifted_query).
std::string lane_unit_generator::with_literal() {
  const auto what =
      dice_.pick({"select", "select", "select", "select fails", "select shaped", "select rows"});
  return what + " c = " + dice_.pick({"1", "2", "'x'", "'y'", "3000000000"}) +
         dice_.pick({"", ";", " and d = 4"});
}

std::string lane_unit_generator::in_one_batch(const std::string& name) {
  auto made = parse_some(name);
  if (dice_.below(3) == 0) made += describe_statement(name);
  made += bind_statement("", name, parameter());
  if (dice_.below(2) == 0) made += describe_portal("");
  made += execute();
  if (dice_.below(4) == 0) made += close_portal("");
  return made + sync();
}

std::string lane_unit_generator::bound_later(const std::string& name) {
  std::string made = dice_.below(3) == 0 ? describe_statement(name) : std::string{};
  made += bind_statement("", name, parameter());
  if (dice_.below(2) == 0) made += describe_portal("");
  return made + execute() + sync();
}

std::string lane_unit_generator::mixed() {
  std::string made;
  for (auto steps = 1 + dice_.below(6); steps > 0; --steps) made += mixed_step();
  if (dice_.below(12) == 0) return made + query(text()) + sync();
  return made + sync();
}

std::string lane_unit_generator::mixed_step() {
  switch (dice_.below(10)) {
    case 0:
    case 1:
    case 2:
      return parse_some(statement_name());
    case 3:
    case 4:
      return bind_statement("", statement_name(), parameter());
    case 5:
    case 6:
      return execute();
    case 7:
      return describe_statement(statement_name());
    case 8:
      return close_statement(dice_.below(4) == 0 ? "a" : "");
    default:
      return dice_.below(4) == 0 ? flush() : describe_portal("");
  }
}

}  // namespace pgweir::test
