#include "tests/core/pipeline_generator.hpp"

#include "tests/core/messages.hpp"

namespace pgweir::test {

using namespace from_client;

std::string pipeline_generator::units(std::size_t count) {
  std::string made;
  for (std::size_t i = 0; i < count; ++i) made += unit();
  return made + query("rollback");
}

std::string pipeline_generator::unit() {
  const auto kind = dice_.below(20);
  if (kind < 4) return simple_query();
  if (kind == 4) return function_call();
  if (kind == 5) return copy();
  if (kind == 6) return sync();
  if (kind == 7) return drivers_begin();
  return batch();
}

std::string pipeline_generator::text() {
  return dice_.pick({"select 1", "select 2", "select 3", "select " + mark_, "select all of " + mark_,
                     "rows " + mark_, "fails " + mark_, "broken " + mark_, "begin", "commit", ""});
}

std::string pipeline_generator::simple_query() {
  return query(dice_.pick({"select 1", "select of " + mark_, "begin", "begin", "commit", "rollback",
                           "fails " + mark_, "broken " + mark_, "", "set x", "deallocate all", "discard all",
                           "deallocate a", "deallocate b", "deallocate c"}));
}

// As drivers send it; more often than by chance something comes of it.
std::string pipeline_generator::drivers_begin() {
  const auto name = statement_name();
  const auto made = dice_.below(3) == 0 ? close_statement(name) + sync() : std::string{};
  return made + parse(name, dice_.pick({"begin", "commit", "rollback"})) + bind_statement("", name) +
         (dice_.below(2) == 0 ? describe_portal("") : describe_statement(name)) + execute() + sync();
}

std::string pipeline_generator::statement_name() { return dice_.pick({"", "", "a", "b", "c"}); }
std::string pipeline_generator::portal_name() { return dice_.pick({"", "", "", "a"}); }

std::string pipeline_generator::batch() {
  std::string made;
  const auto steps = dice_.below(5);
  if (dice_.below(2) == 0) {
    const auto name = statement_name();
    made += parse(name, text()) + bind_statement("", name) + execute();
  }
  for (std::size_t i = 0; i < steps; ++i) made += batch_step();
  if (dice_.below(12) == 0) made += simple_query();
  return made + sync();
}

std::string pipeline_generator::batch_step() {
  switch (dice_.below(12)) {
    case 0:
    case 1:
    case 2:
      return parse(statement_name(), text());
    case 3:
    case 4:
      return bind_statement(portal_name(), statement_name());
    case 5:
      return describe_statement(statement_name());
    case 6:
      return describe_portal(portal_name());
    case 7:
    case 8:
      return execute(portal_name(), static_cast<std::uint32_t>(dice_.below(2)));
    case 9:
      return close_statement(statement_name());
    case 10:
      return close_portal(portal_name());
    default:
      return flush();
  }
}

std::string pipeline_generator::copy() {
  const auto data = copy_data("1") + copy_data("2");
  const auto end = dice_.below(3) == 0 ? copy_fail() : copy_done();
  const auto bad = dice_.below(4) == 0 ? copy_data("bad") : std::string{};
  if (dice_.below(2) == 0) return query("copy " + mark_) + data + bad + end;
  const auto start = parse("", "copy " + mark_) + bind_statement("", "") + execute();
  // The Query drops the unnamed statement, so that no other batch starts a COPY without its end.
  return start + data + bad + end + sync() + query("select after copy");
}

}  // namespace pgweir::test
