// Units of several clients under one Sync: answered together, or each of them sent again by itself.
#include "tests/core/lane_script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using outcome = core::lane_step::outcome;

std::string unit(const std::string& text) {
  return parse("", text) + bind_statement("", "") + execute() + sync();
}
std::string without_sync(const std::string& whole) { return whole.substr(0, whole.size() - sync().size()); }
std::string rows(const std::string& value) { return data_row(value) + complete("SELECT 1"); }
std::string ran(const std::string& value) { return parse_complete() + bind_complete() + rows(value); }

// Two of them under way.
void two(lane_script& s) {
  s.share("a", unit("select 1")).share("b", unit("select 2")).end_batch();
  s.expect_server(without_sync(unit("select 1")) + without_sync(unit("select 2")) + sync());
}

TEST(lane_batch, each_client_gets_its_answer_and_a_ready_for_query_of_its_own) {
  lane_same_for_every_split([](lane_script& s) {
    two(s);
    s.server(ran("1") + ran("2") + ready());
    s.expect("a", ran("1") + ready()).expect("b", ran("2") + ready());
    s.expect_told("a", {"turn", "answered"}).expect_told("b", {"turn", "answered"});
    EXPECT_TRUE(s.lane().empty());
    EXPECT_TRUE(s.backend().expected.empty());
    EXPECT_EQ(s.lane().take_departures().units, 2u);
  });
}

TEST(lane_batch, nothing_of_it_goes_out_before_all_of_it_is_there) {
  lane_script s;
  two(s);
  s.server(ran("1") + ran("2")).expect("a", "").expect("b", "");
}

TEST(lane_batch, it_has_its_turn_when_its_sync_is_sent_and_those_before_it_are_answered) {
  lane_script s;
  s.share("a", unit("select 1"));
  s.expect_told("a", {});
  s.end_batch().expect_told("a", {"turn"});
  s.share("b", unit("select 2")).share("c", unit("select 3")).end_batch();
  s.expect_told("b", {});
  s.server(ran("1") + ready());
  s.expect_told("a", {"answered"}).expect_told("b", {"turn"}).expect_told("c", {"turn"});
}

TEST(lane_batch, one_that_is_open_has_its_turn_with_its_sync_though_the_lane_is_free_before) {
  lane_script s;
  s.join("a", query("select 1")).share("b", unit("select 2"));
  s.server(row_description() + rows("1") + ready()).expect_told("a", {"turn", "answered"});
  s.expect_told("b", {});
  s.end_batch().expect_told("b", {"turn"});
}

TEST(lane_batch, a_unit_that_cannot_share_ends_the_one_that_is_open) {
  lane_script s;
  s.share("a", unit("select 1")).share("b", unit("select 2")).join("c", query("select 3"));
  s.expect_server(without_sync(unit("select 1")) + without_sync(unit("select 2")) + sync() +
                  query("select 3"));
  s.server(ran("1") + ran("2") + ready() + row_description() + rows("3") + ready());
  s.expect("b", ran("2") + ready()).expect("c", row_description() + rows("3") + ready());
}

TEST(lane_batch, an_error_sends_every_unit_again_and_not_the_next_batch) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", unit("select 1")).share("b", unit("select 1/0")).share("c", unit("select 3")).end_batch();
    s.share("d", unit("select 4")).share("e", unit("select 5")).end_batch();
    s.server(ran("1") + parse_complete() + bind_complete() + error("22012", "no") + ready());
    for (const auto* client : {"a", "b", "c"})
      s.expect(client, "").expect_told(client, {"turn", "resend: batch failed"});
    s.server(ran("4") + ran("5") + ready());
    s.expect("d", ran("4") + ready()).expect("e", ran("5") + ready()).expect_outcome(outcome::done);
  });
}

TEST(lane_batch, an_error_at_the_sync_counts_for_all) {
  lane_same_for_every_split([](lane_script& s) {
    two(s);
    s.server(ran("1") + ran("2") + error("40001", "no") + ready());
    s.expect("a", "").expect_told("a", {"turn", "resend: batch failed"});
    s.expect("b", "").expect_told("b", {"turn", "resend: batch failed"});
    EXPECT_TRUE(s.lane().empty());
  });
}

TEST(lane_batch, names_given_in_one_that_fails_are_not_given) {
  lane_script s;
  s.share("a", parse("p", "select 1") + bind_statement("", "p") + execute() + sync());
  s.share("b", unit("select nonsense")).end_batch();
  s.server(ran("1") + error("42703", "no") + ready());
  EXPECT_EQ(s.state("a").statements.find("p"), nullptr);
  s.expect_told("a", {"turn", "resend: batch failed"});
}

TEST(lane_batch, answers_too_large_to_be_held_send_all_of_it_again) {
  lane_script s;
  two(s);
  const std::string large(core::lane_queue::largest_held_for_several, 'x');
  s.server(ran("1") + parse_complete() + bind_complete() + data_row(large));
  s.expect_told("a", {"turn", "resend: batch failed"}).expect_told("b", {"turn", "resend: batch failed"});
  s.join("c", query("select 3"));
  s.server(complete("SELECT 1") + ready() + row_description() + rows("3") + ready());
  s.expect("a", "").expect("b", "").expect("c", row_description() + rows("3") + ready());
}

TEST(lane_batch, nobody_in_it_is_served_alone) {
  lane_script s;
  two(s);
  EXPECT_FALSE(s.lane().serves_alone(s.rider("a")));
  EXPECT_TRUE(s.lane().head_shares_sync());
  s.server(ran("1") + ran("2") + ready());
  s.share("c", unit("select 3"));
  EXPECT_FALSE(s.lane().serves_alone(s.rider("c"))) << "others may still join it";
  s.end_batch();
  EXPECT_TRUE(s.lane().serves_alone(s.rider("c")));
}

TEST(lane_batch, one_that_stalls_is_taken_back_whole) {
  lane_same_for_every_split([](lane_script& s) {
    two(s);
    s.join("c", query("select 3"));
    s.lane().take_back_queued();
    for (const auto* client : {"a", "b"}) s.expect_told(client, {"turn", "resend: stalled"});
    s.expect_told("c", {"resend: stalled"});
    EXPECT_EQ(s.lane().head(), nullptr);
    s.server(ran("1") + error("57014", "canceled") + ready() + row_description() + rows("3") + ready());
    s.expect("a", "").expect("b", "").expect("c", "").expect_outcome(outcome::done);
    EXPECT_TRUE(s.lane().empty());
  });
}

TEST(lane_batch, one_whose_server_is_lost_is_sent_again_whole) {
  lane_script s;
  two(s);
  s.server(ran("1"));
  s.lane().lose(s.untaken());
  for (const auto* client : {"a", "b"})
    s.expect(client, "").expect_told(client, {"turn", "resend: server lost"});
}

TEST(lane_batch, what_was_never_sent_goes_again_whatever_the_server_said_last) {
  lane_script s;
  s.share("a", unit("select 1")).share("b", parse("p", "select 2") + sync());
  s.lane().lose(wire::as_bytes(error("57P01", "no", {}, "FATAL")));
  for (const auto* client : {"a", "b"}) s.expect(client, "").expect_told(client, {"resend: server lost"});
  EXPECT_EQ(s.state("b").statements.find("p"), nullptr);
  EXPECT_EQ(s.lane().open_units(), 0u);
}

TEST(lane_batch, what_is_left_of_one_has_to_end_soon) {
  lane_script s;
  two(s);
  EXPECT_TRUE(s.lane().head_must_end_soon());
  const std::string large(core::lane_queue::largest_held_for_several, 'x');
  s.server(ran("1") + parse_complete() + bind_complete() + data_row(large));
  EXPECT_FALSE(s.lane().head_shares_sync());
  EXPECT_TRUE(s.lane().head_must_end_soon());
  s.join("c", query("select 3"));
  s.server(complete("SELECT 1") + ready());
  EXPECT_FALSE(s.lane().head_must_end_soon());
}

TEST(lane_batch, who_leaves_it_does_not_hurt_the_others) {
  lane_same_for_every_split([](lane_script& s) {
    s.share("a", unit("select 1")).share("b", unit("select 2")).share("c", unit("select 3")).end_batch();
    s.lane().leave(s.rider("b"));
    s.server(ran("1") + ran("2") + ran("3") + ready());
    s.expect("a", ran("1") + ready()).expect("b", "").expect("c", ran("3") + ready());
  });
}

TEST(lane_batch, what_pgweir_answers_itself_needs_nothing_but_the_sync) {
  lane_same_for_every_split([](lane_script& s) {
    s.join("a", parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse(lane_script::name(1), "select 1") + sync());
    s.share("b", parse("q", "select 1") + sync()).share("c", parse("r", "select 1") + sync()).end_batch();
    s.expect_server(sync());
    s.server(ready());
    s.expect("b", parse_complete() + ready()).expect("c", parse_complete() + ready());
  });
}

TEST(lane_batch, what_makes_the_connection_fit_comes_before_it) {
  lane_same_for_every_split([](lane_script& s) {
    s.expect_exchange_first();
    two(s);
    s.server(complete("SET") + ready() + ran("1") + ran("2") + ready());
    s.expect("a", ran("1") + ready()).expect("b", ran("2") + ready());
  });
}

TEST(lane_batch, a_transaction_left_open_fails_all_of_it) {
  lane_script s;
  two(s);
  s.server(ran("1") + ran("2") + ready('T')).expect_outcome(outcome::transaction_open);
  s.lane().fail_all(core::lane_failure::transaction_open);
  for (const auto* client : {"a", "b"})
    s.expect(client, "").expect_told(client, {"turn", "failed: transaction open"});
}

}  // namespace
}  // namespace pgweir::test
