// What a session has taken from sequences: others never see it, and what it costs to see to that.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using core::sequence_values;

const auto discard = query("DISCARD SEQUENCES");
const auto insert = query("insert into t values (1)");
const auto look = query("select currval('s')");

std::string unit(const std::string& text) {
  return parse("", text) + bind_statement("", "") + execute() + sync();
}

// The same with DISCARD SEQUENCES before its Bind.
std::string discarding_unit(const std::string& text) {
  const auto spare = script::name(0);
  return parse("", text) + close_statement(spare) + parse(spare, "DISCARD SEQUENCES") +
         bind_statement(spare, spare) + execute(spare) + close_portal(spare) + close_statement(spare) +
         bind_statement("", "") + execute() + sync();
}

script& of_others(script& s) {
  s.backend_state().sequences = sequence_values::of_others;
  return s;
}

TEST(sequence_values, of_others_are_gone_before_a_client_looks) {
  same_for_every_split([](script& s) {
    of_others(s).client(look).expect_server(discard + look);
    s.server(complete("DISCARD SEQUENCES") + ready() + error("55000", "not yet defined") + ready());
    s.expect_client(error("55000", "not yet defined") + ready());
    s.client(look).expect_server(look);
  });
}

TEST(sequence_values, of_others_are_gone_before_a_client_looks_by_the_extended_protocol) {
  same_for_every_split([](script& s) {
    of_others(s).client(unit("select lastval()")).expect_server(discarding_unit("select lastval()"));
    s.server(parse_complete() + close_complete() + parse_complete() + bind_complete() +
             complete("DISCARD SEQUENCES") + close_complete() + close_complete() + bind_complete() +
             error("55000", "not yet defined") + ready());
    s.expect_client(parse_complete() + bind_complete() + error("55000", "not yet defined") + ready());
    EXPECT_EQ(s.backend_state().sequences, sequence_values::none);
  });
}

TEST(sequence_values, that_were_not_discarded_are_still_those_of_others) {
  script s;
  of_others(s).client(unit("select lastval()"));
  s.server(error("57014", "canceled") + ready()).expect_client(error("57014", "canceled") + ready());
  EXPECT_EQ(s.backend_state().sequences, sequence_values::of_others);
}

TEST(sequence_values, that_a_client_has_just_taken_are_its_own) {
  script s;
  of_others(s).client(insert).expect_server(insert);
  s.server(complete("INSERT 0 1") + ready()).expect_client(complete("INSERT 0 1") + ready());
  s.client(look + unit("select currval('s')")).expect_server(look + unit("select currval('s')"));
  EXPECT_EQ(s.backend_state().counts.late_sequence_reads, 0u);
  EXPECT_EQ(s.backend_state().counts.sequence_reads, 2u);
}

TEST(sequence_values, that_are_asked_for_by_who_has_taken_none_are_no_habit) {
  script s;
  of_others(s).client(look).server(complete("DISCARD SEQUENCES") + ready() + error("55000", "no") + ready());
  EXPECT_EQ(s.backend_state().counts.sequence_reads, 0u);
  EXPECT_EQ(s.backend_state().counts.late_sequence_reads, 0u);
}

TEST(sequence_values, that_were_taken_on_another_backend_are_asked_for_late) {
  script s;
  s.client(insert).server(complete("INSERT 0 1") + ready()).change_backend();
  s.client(look).server(error("55000", "no") + ready());
  EXPECT_EQ(s.backend_state().counts.sequence_reads, 1u);
  EXPECT_EQ(s.backend_state().counts.late_sequence_reads, 1u);
  s.client(discard).server(complete("DISCARD SEQUENCES") + ready());
  EXPECT_FALSE(s.client_state().has_taken_value);
}

TEST(sequence_values, cost_nothing_where_nobody_looks) {
  script s;
  of_others(s).client(insert + unit("insert into t values (2)"));
  s.expect_server(insert + unit("insert into t values (2)"));
}

TEST(sequence_values, of_others_are_gone_before_a_client_takes_its_own_where_somebody_looks) {
  script s;
  of_others(s).reads_sequences().client(query("select 1") + insert);
  s.expect_server(query("select 1"));
  s.server(complete("SELECT 1") + ready()).expect_server(discard + insert);
  s.server(complete("DISCARD SEQUENCES") + ready() + complete("INSERT 0 1") + ready());
  s.client(insert).expect_server(insert);
}

TEST(sequence_values, are_not_to_be_seen_in_a_failed_transaction) {
  script s;
  of_others(s).backend_state().transaction = 'E';
  s.client(look).expect_server(look);
}

TEST(sequence_values, are_gone_when_the_client_discards_them_unless_it_has_taken_more) {
  script s;
  s.client(insert).server(complete("INSERT 0 1") + ready());
  EXPECT_EQ(s.backend_state().sequences, sequence_values::of_client);
  s.client(discard + insert).server(complete("DISCARD SEQUENCES") + ready());
  EXPECT_EQ(s.backend_state().sequences, sequence_values::of_client);
  s.server(complete("INSERT 0 1") + ready());
  s.client(discard).server(complete("DISCARD SEQUENCES") + ready());
  EXPECT_EQ(s.backend_state().sequences, sequence_values::none);
}

}  // namespace
}  // namespace pgweir::test
