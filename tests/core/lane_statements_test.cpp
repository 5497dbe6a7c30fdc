// Prepared statements on a lane: what the unit of one client made there, or was to make, and another rests
// on.
#include "tests/core/lane_script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

std::string failure(const std::string& sqlstate, const std::string& text = "no",
                    const std::string& routine = {}) {
  return error(sqlstate, text, routine) + ready();
}
std::string run(const std::string& statement) { return bind_statement("", statement) + execute() + sync(); }
std::string ran(const std::string& value) {
  return bind_complete() + data_row(value) + complete("SELECT 1") + ready();
}

// The server has "select 1", which "a" has prepared as p, and there is room for nothing else.
void prepare_the_only_one(lane_script& s) {
  s.room_for(1);
  s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_server(parse(s.name(1), "select 1") + sync()).expect("a", parse_complete() + ready());
}

TEST(lane_statements, an_eviction_that_an_error_may_skip_is_repeated_before_the_statement_comes_back) {
  lane_same_for_every_split([](lane_script& s) {
    prepare_the_only_one(s);
    s.join("b", bind_statement("", "nope") + parse("q", "select 2") + sync()).join("a", run("p"));
    s.expect_server(bind_statement("", "nope") + close_statement(s.name(1)) + parse(s.name(2), "select 2") +
                    sync() + close_statement(s.name(1)) + close_statement(s.name(2)) +
                    parse(s.name(1), "select 1") + run(s.name(1)));
    s.server(failure("26000") + close_complete() + close_complete() + parse_complete() + ran("1"));
    s.expect("b", failure("26000")).expect("a", ran("1"));
    EXPECT_TRUE(s.backend().prepared.use(1));
    EXPECT_FALSE(s.backend().prepared.use(2));
    EXPECT_EQ(s.backend().prepared.size(), 1u);
  });
}

TEST(lane_statements, where_both_closes_are_skipped_the_statement_is_still_there) {
  lane_script s;
  prepare_the_only_one(s);
  s.join("b", bind_statement("", "nope") + parse("q", "select 2") + sync());
  s.join("a", bind_statement("", "nope") + run("p"));
  s.server(failure("26000") + failure("26000"));
  EXPECT_TRUE(s.backend().prepared.use(1));
  EXPECT_EQ(s.backend().prepared.size(), 1u);
  EXPECT_TRUE(s.backend().is_quiet());
}

TEST(lane_statements, where_only_the_first_close_is_worked_off_the_statement_is_gone) {
  lane_script s;
  prepare_the_only_one(s);
  s.join("b", parse("q", "select 2") + sync()).join("a", bind_statement("", "nope") + run("p"));
  s.server(close_complete() + parse_complete() + ready() + failure("26000"));
  EXPECT_FALSE(s.backend().prepared.use(1));
  EXPECT_TRUE(s.backend().prepared.use(2));
}

TEST(lane_statements, no_client_gets_the_unnamed_statement_of_another_whose_drop_was_skipped) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", parse("", "select 1") + sync()).server(parse_complete() + ready());
    s.expect("a", parse_complete() + ready()).expect_server(parse("", "select 1") + sync());
    // Both have none. An error makes the server skip what drops a's for b.
    s.join("b", bind_statement("", "nope") + describe_statement("") + sync());
    s.join("c", describe_statement("") + sync());
    s.expect_server(bind_statement("", "nope") + close_statement("") + describe_statement("") + sync() +
                    close_statement("") + describe_statement("") + sync());
    s.server(failure("26000") + close_complete() + failure("26000"));
    s.expect("b", failure("26000")).expect("c", failure("26000"));
  });
}

TEST(lane_statements, an_unnamed_statement_that_nobody_else_touched_is_not_sent_again) {
  lane_script s;
  s.join("a", parse("", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_server(parse("", "select 1") + sync());
  s.join("a", run("")).expect_server(run(""));
}

TEST(lane_statements, a_client_that_fails_before_anything_is_answered_has_no_names_of_it) {
  lane_script s;
  s.expect_exchange_first();
  s.join("a", parse("p", "select 1") + sync()).join("b", parse("q", "select 2") + sync());
  s.lane().fail_all(core::lane_failure::violation);
  EXPECT_EQ(s.state("a").statements.find("p"), nullptr);
  EXPECT_EQ(s.state("b").statements.find("q"), nullptr);
}

TEST(lane_statements, a_client_whose_names_do_not_fit_into_the_catalogue_can_use_them_anywhere) {
  lane_script s{1};
  s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.expect("a", parse_complete() + ready());
  EXPECT_FALSE(s.state("a").needs_same_backend());
  ASSERT_NE(s.state("a").statements.find("p"), nullptr);
  EXPECT_FALSE(s.state("a").statements.find("p")->made->is_large());
}

// "select 1" as a text that came often.
void make_known(lane_script& s) {
  for (int i = 0; i < 4; ++i) s.texts().note(wire::as_bytes(std::string_view("select 1\0\0\0", 11)));
}

TEST(lane_statements, an_unnamed_statement_known_well_is_shared_by_two_clients) {
  lane_same_for_every_split([](lane_script& s) {
    make_known(s);
    const auto unit = parse("", "select 1") + run("");
    s.join("a", unit).expect_server(parse(s.name(1), "select 1") + run(s.name(1)));
    s.server(parse_complete() + ran("1")).expect("a", parse_complete() + ran("1"));
    s.join("b", unit).join("c", unit).expect_server(run(s.name(1)) + run(s.name(1)));
    s.server(ran("2") + ran("3"));
    s.expect("b", parse_complete() + ran("2")).expect("c", parse_complete() + ran("3"));
  });
}

TEST(lane_statements, types_that_changed_send_a_unit_with_a_shared_unnamed_statement_again) {
  for (const auto* sqlstate : {"42883", "22P02", "0A000"}) {
    lane_script s;
    make_known(s);
    s.join("a", parse("", "select 1") + run(""));
    s.server(parse_complete() + failure(sqlstate)).expect("a", "");
    s.expect_told("a", {"turn", "resend: statement missing"});
  }
}

TEST(lane_statements, types_that_changed_send_a_unit_again_whose_parse_was_answered_for_an_earlier_one) {
  for (const auto* sqlstate : {"42883", "22P02", "0A000"}) {
    lane_script s;
    s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.join("b", parse("q", "select 1") + run("q")).server(failure(sqlstate)).expect("b", "");
    s.expect_told("b", {"turn", "resend: statement missing"});
    EXPECT_EQ(s.state("b").statements.find("q"), nullptr);
    EXPECT_TRUE(s.state("a").statements.find("p")->made->retired);
  }
}

TEST(lane_statements, a_client_that_asks_for_its_parameters_gets_those_of_its_own_statement) {
  lane_script s;
  make_known(s);
  const auto unit = parse("", "select 1") + describe_statement("") + sync();
  s.join("a", unit).expect_server(unit);
}

TEST(lane_statements, the_last_words_to_a_client_are_never_about_another) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", parse("p", "select 2") + run("p"));
    EXPECT_TRUE(s.lane().cancel_head());
    s.server(ran("1").substr(bind_complete().size()) + parse_complete() + error("57014", "canceled") +
             error("57P01", "terminating", {}, "FATAL"));
    s.lane().lose(s.untaken());
    s.expect("b", "").expect_told("b", {"turn", "resend: canceled for another"});
    EXPECT_EQ(s.state("b").statements.find("p"), nullptr);
  });
}

TEST(lane_statements, an_error_names_the_unnamed_statement_as_the_client_does) {
  lane_script s;
  make_known(s);
  const auto about = [](const std::string& name) {
    return failure("08P01", "prepared statement \"" + name + "\" requires 0");
  };
  s.join("a", parse("", "select 1") + bind_statement("", "") + execute() + parse("", "select 2") + run(""));
  s.server(parse_complete() + about(s.name(1))).expect("a", parse_complete() + about(""));
}

}  // namespace
}  // namespace pgweir::test
