// The guards of a lane: what becomes of its units when one of them, the server or a client misbehaves.
#include "tests/core/lane_script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using outcome = core::lane_step::outcome;

std::string answer(const std::string& value) {
  return row_description() + data_row(value) + complete("SELECT 1") + ready();
}
std::string failure(const std::string& sqlstate, const std::string& routine = {},
                    const std::string& text = "no") {
  return error(sqlstate, text, routine) + ready();
}
std::string run(const std::string& statement) { return bind_statement("", statement) + execute() + sync(); }
std::string ran(const std::string& value) {
  return bind_complete() + data_row(value) + complete("SELECT 1") + ready();
}

TEST(lane, answers_reach_their_clients_in_order_at_every_split) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 2")).join("c", query("select 3"));
    s.expect_server(query("select 1") + query("select 2") + query("select 3"));
    s.server(answer("1") + answer("2"));
    s.expect("a", answer("1")).expect("b", answer("2")).expect("c", "");
    s.expect_told("a", {"turn", "answered"})
        .expect_told("b", {"turn", "answered"})
        .expect_told("c", {"turn"});
    s.server(answer("3")).expect("c", answer("3")).expect_outcome(outcome::done);
    EXPECT_TRUE(s.lane().empty());
    EXPECT_EQ(s.lane().take_departures().units, 3u);
  });
}

TEST(lane, nothing_of_an_answer_goes_out_before_it_is_whole) {
  lane_script s;
  s.join("a", query("select 1"));
  s.server(row_description() + data_row("1")).expect("a", "");
  s.server(complete("SELECT 1") + ready()).expect("a", answer("1"));
}

TEST(lane, an_answer_too_large_to_be_held_goes_through_as_it_comes) {
  lane_script s;
  const auto row = data_row(std::string(core::lane_queue::largest_held_answer, 'x'));
  s.join("a", query("select 1")).join("b", query("select 2"));
  s.server(row_description() + row).expect("a", row_description() + row);
  s.server(data_row("2")).expect("a", data_row("2"));
  s.server(complete("SELECT 2") + ready() + answer("2"));
  s.expect("a", complete("SELECT 2") + ready()).expect("b", answer("2"));
}

TEST(lane, an_error_in_the_middle_is_its_own_clients_alone) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 1/0")).join("c", query("select 3"));
    s.server(answer("1") + failure("22012") + answer("3"));
    s.expect("a", answer("1")).expect("b", failure("22012")).expect("c", answer("3"));
    s.expect_told("b", {"turn", "answered: 22012"});
  });
}

TEST(lane, an_error_in_a_batch_of_the_middle_skips_only_that_batch) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect("a", parse_complete() + ready());
    s.join("a", run("p")).join("b", parse("q", "select nonsense") + run("q")).join("c", query("select 3"));
    s.server(ran("1") + failure("42703") + answer("3"));
    s.expect("a", ran("1")).expect("b", failure("42703")).expect("c", answer("3"));
    EXPECT_EQ(s.state("b").statements.find("q"), nullptr);
  });
}

TEST(lane, a_transaction_left_open_fails_every_unit_and_closes_the_lane) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 2")).join("c", query("select 3"));
    s.server(answer("1") + complete("BEGIN") + ready('T') + answer("3"));
    s.expect_outcome(outcome::transaction_open);
    s.expect("a", answer("1")).expect("b", "").expect("c", "");
    s.lane().fail_all(core::lane_failure::transaction_open);
    s.expect_told("b", {"turn", "failed: transaction open"}).expect_told("c", {"failed: transaction open"});
  });
}

TEST(lane, a_failed_transaction_left_open_counts_as_well) {
  lane_script s;
  s.join("a", query("select 1"));
  s.server(error("22012", "no") + ready('E')).expect_outcome(outcome::transaction_open);
}

TEST(lane, what_nobody_asked_for_is_a_violation) {
  lane_script s;
  s.join("a", query("select 1"));
  s.server(parse_complete() + ready()).expect_outcome(outcome::violation);
}

TEST(lane, a_cancel_of_the_head_is_asked_once_and_its_error_is_shown) {
  lane_script s;
  s.join("a", query("select 1")).join("b", query("select 2"));
  EXPECT_TRUE(s.lane().cancel_head());
  EXPECT_FALSE(s.lane().cancel_head());
  s.server(failure("57014") + answer("2"));
  s.expect("a", failure("57014")).expect("b", answer("2"));
}

TEST(lane, what_pgweir_itself_asks_before_the_head_is_not_the_heads_to_cancel) {
  lane_script s;
  s.backend().expected.push({.request = core::request::query, .how = core::handling::swallow});
  s.join("a", query("select 1"));
  EXPECT_FALSE(s.lane().cancel_head());
  s.server(complete("DISCARD ALL") + ready());
  EXPECT_TRUE(s.lane().cancel_head());
}

TEST(lane, units_of_very_many_messages_are_all_sent) {
  lane_script s;
  std::string unit = parse("", "select 1") + bind_statement("", "") + execute();
  for (int i = 0; i < 2000; ++i) unit += close_portal("");
  unit += sync();
  for (int i = 0; i < 20; ++i) s.join("client " + std::to_string(i), unit);
  s.join("last", query("select 1"));
  EXPECT_EQ(s.lane().size(), 21u);
}

TEST(lane, who_is_hit_by_the_cancel_of_another_is_sent_again_unseen) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 2")).join("c", query("select 3"));
    EXPECT_TRUE(s.lane().cancel_head());
    s.server(answer("1") + row_description() + data_row("2") + failure("57014") + answer("3"));
    s.expect("a", answer("1")).expect("b", "").expect("c", answer("3"));
    s.expect_told("b", {"turn", "resend: canceled for another"});
  });
}

TEST(lane, an_error_that_comes_before_its_end_is_not_forgotten_where_a_unit_goes_again) {
  lane_script s;
  s.join("a", query("select 1")).join("b", query("select 2"));
  EXPECT_TRUE(s.lane().cancel_head());
  s.server(answer("1"));
  const auto rows = data_row(std::string(core::lane_queue::largest_held_for_several - 10, 'x'));
  s.server(rows + error("57014", "no")).server(ready());
  s.expect("b", "").expect_told("b", {"turn", "resend: canceled for another"});
}

TEST(lane, a_statement_timeout_where_nobody_cancelled_is_shown) {
  lane_script s;
  s.join("a", query("select 1"));
  s.server(failure("57014")).expect("a", failure("57014")).expect_told("a", {"turn", "answered: 57014"});
}

TEST(lane, when_all_are_answered_an_old_cancel_is_forgotten) {
  lane_script s;
  s.join("a", query("select 1"));
  EXPECT_TRUE(s.lane().cancel_head());
  s.server(answer("1"));
  s.join("b", query("select 2")).server(failure("57014")).expect("b", failure("57014"));
}

TEST(lane, names_given_by_a_unit_that_is_sent_again_are_taken_back) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", parse("p", "select 2") + run("p"));
    EXPECT_TRUE(s.lane().cancel_head());
    s.server(answer("1") + parse_complete() + failure("57014"));
    s.expect("b", "").expect_told("b", {"turn", "resend: canceled for another"});
    EXPECT_EQ(s.state("b").statements.find("p"), nullptr);
  });
}

TEST(lane, a_backend_that_dies_fails_the_head_and_sends_the_others_again) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 2")).join("c", parse("p", "select 3") + run("p"));
    s.server(answer("1") + row_description());
    s.lane().lose(s.untaken());
    s.expect("a", answer("1")).expect("b", "").expect("c", "");
    s.expect_told("b", {"turn", "failed: server lost"}).expect_told("c", {"resend: server lost"});
    EXPECT_EQ(s.state("c").statements.find("p"), nullptr);
    EXPECT_TRUE(s.lane().empty());
  });
}

TEST(lane, the_servers_last_words_reach_the_head) {
  lane_same_for_every_split([](lane_script& s) {
    const auto last = error("57P01", "terminating connection due to administrator command", {}, "FATAL");
    s.join("a", query("select 1")).join("b", query("select 2")).server(last);
    s.lane().lose(s.untaken());
    s.expect("a", last).expect("b", "");
    EXPECT_EQ(s.backend().fatal, "57P01: terminating connection due to administrator command");
  });
}

TEST(lane, a_client_is_told_when_its_answer_ended_in_the_middle) {
  lane_script s;
  s.join("a", query("select 1")).join("b", query("select 2"));
  s.server(data_row(std::string(core::lane_queue::largest_held_answer, 'x')));
  EXPECT_TRUE(s.lane().head_has_begun());
  s.lane().lose(s.untaken());
  s.expect_told("a", {"turn", "failed: server lost, in the middle"})
      .expect_told("b", {"resend: server lost"});
}

TEST(lane, a_client_that_leaves_while_queued_gets_nothing_and_stops_nobody) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", query("select 2")).join("c", query("select 3"));
    s.lane().leave(s.rider("b"));
    s.server(answer("1") + answer("2") + answer("3"));
    s.expect("a", answer("1")).expect("b", "").expect("c", answer("3")).expect_told("b", {});
    EXPECT_EQ(s.lane().take_departures().units, 3u);
  });
}

TEST(lane, a_client_that_leaves_in_the_middle_of_a_large_answer_stops_nobody) {
  lane_script s;
  s.join("a", query("select 1")).join("b", query("select 2"));
  s.server(data_row(std::string(core::lane_queue::largest_held_answer, 'x')));
  s.lane().leave(s.rider("a"));
  s.server(data_row("2") + complete("SELECT 2") + ready() + answer("2")).expect("b", answer("2"));
}

TEST(lane, those_behind_a_stalled_head_are_taken_back_and_what_they_asked_is_swallowed) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", query("select 1")).join("b", parse("p", "select 2") + run("p")).join("c", query("select 3"));
    s.lane().take_back_queued();
    s.expect_told("b", {"resend: stalled"}).expect_told("c", {"resend: stalled"});
    EXPECT_EQ(s.state("b").statements.find("p"), nullptr);
    s.server(answer("1") + parse_complete() + ran("2") + answer("3"));
    s.expect("a", answer("1")).expect("b", "").expect("c", "");
    EXPECT_TRUE(s.lane().empty());
  });
}

TEST(lane, a_statement_that_another_has_prepared_is_prepared_once) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", parse("p", "select 1") + sync()).expect_server(parse(s.name(1), "select 1") + sync());
    s.server(parse_complete() + ready());
    s.join("a", run("p")).join("b", parse("q", "select 1") + run("q"));
    s.expect_server(run(s.name(1)) + run(s.name(1)));
    s.server(ran("1") + ran("2"));
    s.expect("a", parse_complete() + ready() + ran("1")).expect("b", parse_complete() + ran("2"));
  });
}

TEST(lane, a_prepared_statement_missing_after_all_sends_its_unit_again) {
  lane_same_for_every_split([](lane_script& s) {
    // b rests on the Parse that a has under way; a's fails.
    s.join("b", parse("q", "select t") + sync()).server(failure("42703")).expect("b", failure("42703"));
    s.join("c", parse("q", "select u") + sync()).server(parse_complete() + ready());
    s.expect("c", parse_complete() + ready());
    s.backend().prepared.clear();
    s.join("a", parse("p", "select u") + run("p")).join("c", run("q"));
    s.server(failure("0A000", "somewhere") +
             failure("26000", "FetchPreparedStatement",
                     "prepared statement \"" + s.name(2) + "\" does not exist"));
    s.expect("a", failure("0A000", "somewhere")).expect("c", "");
    s.expect_told("c", {"turn", "answered", "turn", "resend: statement missing"});
    EXPECT_FALSE(s.backend().prepared.use(2));
  });
}

TEST(lane, a_statement_missing_under_the_clients_own_name_is_the_clients_error) {
  lane_script s;
  const auto missing =
      failure("26000", "FetchPreparedStatement", "prepared statement \"mine\" does not exist");
  s.join("a", run("mine")).server(missing).expect("a", missing);
}

TEST(lane, while_a_parse_is_not_answered_nobody_is_told_that_it_succeeded) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", parse("p", "select x") + sync()).join("b", parse("q", "select x") + sync());
    s.expect_server(parse(s.name(1), "select x") + sync() + close_statement(s.name(1)) +
                    parse(s.name(1), "select x") + sync());
    s.server(failure("42703") + close_complete() + failure("42703"));
    s.expect("a", failure("42703")).expect("b", failure("42703"));
  });
}

TEST(lane, a_plan_out_of_date_is_made_anew_where_the_client_asks_anew) {
  const auto stale = failure("0A000", "RevalidateCachedQuery", "cached plan must not change result type");
  lane_script s;
  s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.expect("a", parse_complete() + ready()).expect_told("a", {"turn", "answered"});
  s.join("a", bind_statement("", "p") + describe_portal("") + execute() + sync());
  s.server(stale).expect("a", "").expect_told("a", {"turn", "resend: statement missing"});
  EXPECT_TRUE(s.backend().prepared.is_stale(1));
}

TEST(lane, a_plan_out_of_date_is_shown_to_a_client_that_relies_on_an_old_description) {
  const auto stale = failure("0A000", "RevalidateCachedQuery", "cached plan must not change result type");
  lane_script s;
  s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.expect("a", parse_complete() + ready());
  s.join("a", run("p")).server(stale).expect("a", stale);
}

TEST(lane, notices_reach_the_client_whose_unit_they_are_about) {
  lane_script s;
  s.join("a", query("select 1")).join("b", query("select 2"));
  s.server(answer("1") + notice("careful") + answer("2"));
  s.expect("a", answer("1")).expect("b", notice("careful") + answer("2"));
}

}  // namespace
}  // namespace pgweir::test
