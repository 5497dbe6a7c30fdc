// What a unit will tie to its server connection is known before it is sent.
#include "proxy/core/unit_bonds.hpp"

#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

core::unit_bonds of(script& s, const std::string& bytes) {
  return core::bonds_of_unit(s.client_state(), wire::as_bytes(bytes), s.catalogue().forcing());
}

TEST(unit_bonds, are_those_of_all_its_texts) {
  script s;
  EXPECT_TRUE(of(s, query("load 'a'")).bonds.pins);
  EXPECT_FALSE(of(s, query("select 1")).bonds.pins);
  EXPECT_TRUE(of(s, parse("", "listen a") + parse("", "select 1") + sync()).bonds.listens);
  const auto unit = parse("", "select 1") + bind_statement("", "") + execute() + parse("", "load 'x'") +
                    bind_statement("", "") + execute() + sync();
  EXPECT_TRUE(of(s, unit).bonds.pins);
}

TEST(unit_bonds, are_those_of_statements_that_were_prepared_before) {
  script s;
  s.client(parse("p", "load 'a'") + parse("", "load 'x'") + sync());
  s.server(parse_complete() + parse_complete() + ready());
  EXPECT_TRUE(of(s, bind_statement("", "p") + execute() + sync()).bonds.pins);
  EXPECT_TRUE(of(s, bind_statement("", "") + execute() + sync()).bonds.pins);
  EXPECT_FALSE(of(s, bind_statement("", "unknown") + execute() + sync()).bonds.pins);
}

TEST(unit_bonds, end_with_the_unit) {
  script s;
  const auto first = parse("", "select 1") + sync();
  const auto found = of(s, first + query("load 'a'"));
  EXPECT_FALSE(found.bonds.pins);
  EXPECT_EQ(found.size, first.size());
  EXPECT_EQ(of(s, query("select 1")).size, query("select 1").size());
}

TEST(unit_bonds, of_what_is_not_whole_are_those_of_what_has_come) {
  script s;
  const auto unit = parse("", "load 'a'") + bind_statement("", "") + sync();
  const auto found = of(s, unit.substr(0, unit.size() - 1));
  EXPECT_TRUE(found.bonds.pins);
  EXPECT_EQ(found.size, 0u);
  EXPECT_FALSE(of(s, unit.substr(0, 10)).bonds.pins);
}

}  // namespace
}  // namespace pgweir::test
