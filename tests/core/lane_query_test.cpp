// Simple Queries under a shared Sync: sent by the extended protocol, answered as simple Queries.
#include "tests/core/lane_script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

std::string of(int b) { return "select a from t where b = " + std::to_string(b); }
const std::string lifted = "select a from t where b = $1";

std::string run(const std::string& statement, const std::string& value = {}) {
  return bind_statement("", statement, value) + describe_portal("") + execute();
}
std::string as_it_is(const std::string& text) { return parse("", text) + run(""); }
std::string rows(const std::string& value) {
  return row_description() + data_row(value) + complete("SELECT 1");
}
std::string parsed(const std::string& answer) { return parse_complete() + bind_complete() + answer; }

// As often as it takes until the text is prepared once for all; its statement is the first.
void known(lane_script& s) {
  for (int i = 0; i < 5; ++i) s.share("a", query(of(i))).end_batch().server(parsed(rows("0") + ready()));
  s.expect_server(as_it_is(of(0)) + sync() + as_it_is(of(1)) + sync() + as_it_is(of(2)) + sync() +
                  as_it_is(of(3)) + sync() + parse(s.name(1), lifted, {23}) + run(s.name(1), "4") + sync());
  std::string answers;
  for (int i = 0; i < 5; ++i) answers += rows("0") + ready();
  s.expect("a", answers);
  s.expect_told("a", {"turn", "answered", "turn", "answered", "turn", "answered", "turn", "answered", "turn",
                      "answered"});
}

TEST(lane_query, shares_a_sync_and_is_answered_as_a_simple_query) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", query("select 1")).share("b", query("select 2")).end_batch();
    s.expect_server(as_it_is("select 1") + as_it_is("select 2") + sync());
    s.server(notice("p") + parsed(rows("1")) + parse_complete() + notice("b") + bind_complete());
    s.server(notice("d") + rows("2") + ready());
    s.expect("a", notice("p") + rows("1") + ready());
    s.expect("b", notice("b") + notice("d") + rows("2") + ready());
    s.expect_told("a", {"turn", "answered"}).expect_told("b", {"turn", "answered"});
    EXPECT_TRUE(s.backend().expected.empty());
  });
}

TEST(lane_query, what_differs_in_a_literal_only_is_prepared_once) {
  lane_same_for_every_split([](lane_script& s) {
    known(s);
    s.share("b", query(of(77))).share("c", query(of(-1))).share("d", query(of(5))).end_batch();
    s.expect_server(run(s.name(1), "77") + as_it_is(of(-1)) + run(s.name(1), "5") + sync());
    s.server(bind_complete() + rows("77") + parsed(rows("")) + bind_complete() + rows("5") + ready());
    s.expect("b", rows("77") + ready()).expect("c", rows("") + ready()).expect("d", rows("5") + ready());
  });
}

TEST(lane_query, without_a_statement_is_answered_without_a_description) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", query("-- ping")).share("b", query("select 1")).end_batch();
    s.server(parsed(no_data() + empty_query()) + parsed(rows("1")) + ready());
    s.expect("a", empty_query() + ready()).expect("b", rows("1") + ready());
  });
}

TEST(lane_query, that_is_to_go_alone_goes_as_it_is) {
  lane_script s;
  known(s);
  s.join("b", query(of(6))).expect_server(query(of(6)));
}

TEST(lane_query, that_fails_is_blamed_and_all_of_its_batch_go_again) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", query("select 1")).share("b", query("select 1/0")).share("c", query("select 3")).end_batch();
    s.server(parsed(rows("1")) + parsed(row_description()) + error("22012", "no") + ready());
    s.expect("a", "").expect_told("a", {"turn", "resend: batch failed"});
    s.expect("b", "").expect_told("b", {"turn", "resend: translated"});
    s.expect("c", "").expect_told("c", {"turn", "resend: batch failed"});
  });
}

TEST(lane_query, alone_under_its_sync_goes_again_as_it_is_too) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", query("select 1/0")).end_batch();
    s.server(parse_complete() + error("22012", "no") + ready());
    s.expect("a", "").expect_told("a", {"turn", "resend: translated"});
    EXPECT_TRUE(s.lane().empty());
  });
}

TEST(lane_query, an_error_in_the_middle_of_a_large_answer_is_told) {
  lane_script s;
  s.share("a", query("select 1/b from t")).end_batch();
  const auto begun = row_description() + data_row(std::string(core::lane_queue::largest_held_answer, 'x'));
  s.server(parsed(begun)).server(error("22012", "no") + ready());
  s.expect("a", begun + error("22012", "no") + ready()).expect_told("a", {"turn", "answered: 22012"});
}

TEST(lane_query, an_error_that_others_brought_about_is_told) {
  for (const auto* sqlstate : {"55P03", "40P01", "57014", "53200"}) {
    lane_script s;
    s.share("a", query("select 1")).end_batch().server(parse_complete() + error(sqlstate, "no") + ready());
    s.expect("a", error(sqlstate, "no") + ready());
  }
}

TEST(lane_query, its_clients_own_cancel_is_told) {
  lane_script s;
  s.share("a", query("select 1")).end_batch();
  ASSERT_TRUE(s.lane().cancel_head());
  s.server(parse_complete() + error("57014", "canceled") + ready());
  s.expect("a", error("57014", "canceled") + ready()).expect_told("a", {"turn", "answered: 57014"});
}

TEST(lane_query, drops_the_unnamed_statement_of_its_client_when_it_is_answered) {
  lane_script s;
  s.share("a", parse("", "select 1") + sync()).share("b", parse("", "select 2") + sync()).end_batch();
  s.server(parse_complete() + parse_complete() + ready());
  s.share("a", query("select 3")).share("b", query("select 4")).end_batch();
  EXPECT_EQ(s.state("a").unnamed.current(), nullptr);
  s.server(parsed(rows("3")) + error("22012", "no") + ready());
  ASSERT_NE(s.state("a").unnamed.current(), nullptr);
  ASSERT_NE(s.state("b").unnamed.current(), nullptr);
  s.share("a", query("select 3")).end_batch().server(parsed(rows("3")) + ready());
  EXPECT_EQ(s.state("a").unnamed.current(), nullptr);
}

TEST(lane_query, takes_the_servers_unnamed_statement_from_others_who_get_it_again) {
  lane_script s;
  s.share("a", parse("", "select 1") + sync()).end_batch().server(parse_complete() + ready());
  s.share("b", query("select 2")).end_batch().server(parsed(rows("2")) + ready());
  s.expect_server(parse("", "select 1") + sync() + as_it_is("select 2") + sync());
  s.share("a", bind_statement("", "") + execute() + sync()).end_batch();
  s.expect_server(parse("", "select 1") + bind_statement("", "") + execute() + sync());
}

TEST(lane_query, whose_statement_has_an_old_plan_has_it_prepared_afresh_for_the_next) {
  lane_script s;
  known(s);
  s.share("a", query(of(1))).end_batch().expect_server(run(s.name(1), "1") + sync());
  s.server(error("0A000", "cached plan must not change result type", "RevalidateCachedQuery") + ready());
  s.expect("a", "").expect_told("a", {"turn", "resend: translated"});
  s.share("a", query(of(2))).end_batch();
  s.expect_server(close_statement(s.name(1)) + parse(s.name(1), lifted, {23}) + run(s.name(1), "2") + sync());
}

}  // namespace
}  // namespace pgweir::test
