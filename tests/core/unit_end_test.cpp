#include "proxy/core/unit_end_rules.hpp"
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

struct when_told final : core::unit_end_rules {
  bool may_end_unit() override { return may; }
  bool may = false;
};

TEST(unit_end, is_told_when_it_may_be_and_what_follows_stays_behind_it) {
  when_told rules;
  same_for_every_split([&](script& s) {
    rules.may = false;
    s.client_state().ending = &rules;
    s.client(query("select 1") + query("select 2")).expect_server(query("select 1") + query("select 2"));
    s.server(data_row("1") + complete("SELECT 1") + ready('T') + data_row("2") + complete("SELECT 1") +
             ready());
    s.expect_client(data_row("1") + complete("SELECT 1")).expect_quiet(false);
    rules.may = true;
    s.server("").expect_client(ready('T') + data_row("2") + complete("SELECT 1") + ready()).expect_quiet();
  });
}

TEST(unit_end, of_a_failed_unit_waits_as_well) {
  when_told rules;
  script s;
  s.client_state().ending = &rules;
  s.client(query("select 1")).expect_server(query("select 1"));
  s.server(error("57014", "canceled") + ready()).expect_client(error("57014", "canceled"));
  rules.may = true;
  s.server("").expect_client(ready()).expect_quiet();
}

TEST(unit_end, of_what_pgweir_itself_asked_waits_for_nothing) {
  when_told rules;
  script s;
  s.client_state().ending = &rules;
  s.backend_state().expected.push(
      {.request = core::request::query, .how = core::handling::swallow, .then = core::bookkeeping::none});
  s.server(complete("SET") + ready()).expect_client("").expect_quiet();
}

}  // namespace
}  // namespace pgweir::test
