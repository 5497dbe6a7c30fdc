// Units, errors, COPY and what may come at any moment.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

const auto one_row = data_row("1") + complete("SELECT 1");

TEST(relay, backend_is_quiet_only_when_every_query_is_answered) {
  script s;
  s.client(query("select 1") + query("select 2") + query("select 3"));
  s.server(one_row + ready()).expect_quiet(false);
  s.server(one_row + ready()).expect_quiet(false);
  s.server(one_row + ready()).expect_quiet();
}

TEST(relay, open_transaction_keeps_the_backend) {
  script s;
  s.client(query("begin")).server(complete("BEGIN") + ready('T')).expect_quiet(false);
  s.client(query("rollback")).server(complete("ROLLBACK") + ready()).expect_quiet();
}

TEST(relay, next_unit_is_held_while_others_wait_for_a_backend) {
  script s;
  s.others_wait().client(query("select 1") + query("select 2")).expect_server(query("select 1"));
  s.server(one_row + ready()).expect_server(query("select 2"));
}

TEST(relay, flush_gets_answers_before_the_sync) {
  same_for_every_split([](script& s) {
    s.client(parse("", "select 1") + describe_statement("") + flush());
    s.server(parse_complete() + parameter_description() + row_description());
    s.expect_client(parse_complete() + parameter_description() + row_description());
    EXPECT_TRUE(s.client_state().in_unit);
    s.client(bind_statement("", "") + execute() + sync());
    s.server(bind_complete() + one_row + ready());
    s.expect_client(bind_complete() + one_row + ready()).expect_quiet();
  });
}

TEST(relay, error_answers_everything_up_to_the_sync) {
  same_for_every_split([](script& s) {
    s.client(parse("", "x") + bind_statement("", "") + execute() + sync() + query("select 1"));
    s.server(error("42601", "syntax") + ready() + one_row + ready());
    s.expect_client(error("42601", "syntax") + ready() + one_row + ready()).expect_quiet();
  });
}

TEST(relay, what_follows_an_error_is_not_sent_before_the_sync) {
  script s;
  s.client(parse("", "x")).server(error("42601", "syntax")).expect_quiet(false);
  s.expect_server(parse("", "x"));
  s.client(bind_statement("", "") + execute() + query("select 1") + sync()).expect_server(sync());
  s.server(ready()).expect_quiet();
}

TEST(relay, error_at_the_sync_still_has_its_ready) {
  script s;
  s.client(parse("", "x") + bind_statement("", "") + execute() + sync());
  s.server(parse_complete() + bind_complete() + complete("INSERT 0 1") + error("23503", "deferred") +
           ready());
  s.expect_client(parse_complete() + bind_complete() + complete("INSERT 0 1") + error("23503", "deferred") +
                  ready());
  s.expect_quiet();
}

TEST(relay, suspended_portal_goes_on_with_the_next_execute) {
  script s;
  s.client(parse("", "x") + bind_statement("p", "") + execute("p", 1) + execute("p", 1) + sync());
  const auto answers = parse_complete() + bind_complete() + data_row("1") + portal_suspended() +
                       data_row("2") + complete("SELECT 1") + ready();
  s.server(answers).expect_client(answers).expect_quiet();
}

TEST(relay, function_call_is_a_unit) {
  script s;
  s.client(function_call()).server(function_result() + ready()).expect_client(function_result() + ready());
  s.expect_quiet();
}

TEST(relay, messages_of_any_moment_go_to_the_client_at_every_boundary) {
  const auto any = notice("n") + parameter_status("TimeZone", "UTC") + notification("channel");
  same_for_every_split([&](script& s) {
    s.client(parse("p", "select 1") + describe_statement("p") + bind_statement("", "p") + execute() +
             close_statement("p") + sync());
    const auto answers = any + parse_complete() + any + parameter_description() + any + row_description() +
                         any + bind_complete() + any + data_row("1") + any + complete("SELECT 1") + any +
                         close_complete() + any + ready() + any;
    s.server(answers).expect_client(answers).expect_quiet();
  });
}

TEST(relay, answer_that_nobody_asked_for_is_a_violation) {
  script{}.expect_server_violation(ready());
  script{}.expect_server_violation(bind_complete());
  script{}.client(query("select 1")).expect_server_violation(parse_complete());
}

TEST(relay, malformed_message_of_a_client_is_a_violation) {
  script{}.expect_client_violation(std::string("Q\0\0\0\3", 5));
  script{}.expect_client_violation(std::string("Q\xff\xff\xff\xff", 5));
  script{}.expect_client_violation(std::string("~\0\0\0\4", 5));
  script{}.expect_client_violation(std::string("P\0\0\0\6a\0", 7));
  script{}.expect_client_violation(std::string("B\0\0\0\5a", 6));
}

TEST(copy, data_goes_in_and_sync_before_its_end_is_not_answered) {
  same_for_every_split([](script& s) {
    s.client(parse("", "copy t from stdin") + bind_statement("", "") + execute() + sync());
    s.server(parse_complete() + bind_complete() + copy_in());
    s.client(from_client::copy_data("1") + from_client::copy_done() + sync());
    s.server(complete("COPY 1") + ready());
    s.expect_client(parse_complete() + bind_complete() + copy_in() + complete("COPY 1") + ready());
    s.expect_quiet();
  });
}

TEST(copy, refused_by_the_client_ends_with_an_error) {
  script s;
  s.client(query("copy t from stdin")).server(copy_in());
  s.client(copy_fail()).server(error("57014", "COPY failed") + ready());
  s.expect_client(copy_in() + error("57014", "COPY failed") + ready()).expect_quiet();
}

TEST(copy, data_behind_an_error_harms_nobody) {
  script s;
  s.client(query("copy t from stdin")).server(copy_in());
  s.client(from_client::copy_data("bad")).server(error("22P04", "bad row") + ready());
  s.client(from_client::copy_data("more") + from_client::copy_done()).expect_quiet();
  s.client(query("select 1")).server(one_row + ready());
  s.expect_client(copy_in() + error("22P04", "bad row") + ready() + one_row + ready()).expect_quiet();
}

TEST(copy, error_behind_an_early_sync_makes_the_backend_useless_for_others) {
  script s;
  s.client(parse("", "copy t from stdin") + bind_statement("", "") + execute() + sync());
  s.server(parse_complete() + bind_complete() + copy_in());
  s.server(error("22P04", "bad row") + ready()).expect_quiet(false);
  EXPECT_TRUE(s.backend_state().lost_count);
}

TEST(copy, out_streams_through) {
  same_for_every_split([](script& s) {
    s.client(query("copy t to stdout"));
    const auto answers =
        copy_out() + from_server::copy_data("1") + from_server::copy_done() + complete("COPY 1") + ready();
    s.server(answers).expect_client(answers).expect_quiet();
  });
}

TEST(unnamed, statement_is_kept_across_sync_and_prepared_on_another_backend) {
  same_for_every_split([](script& s) {
    s.client(parse("", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse("", "select 1") + sync()).expect_client(parse_complete() + ready());
    s.change_backend().client(bind_statement("", "") + execute() + sync());
    s.expect_server(parse("", "select 1") + bind_statement("", "") + execute() + sync());
    s.server(parse_complete() + bind_complete() + one_row + ready());
    s.expect_client(bind_complete() + one_row + ready()).expect_quiet();
  });
}

TEST(unnamed, statement_of_another_client_is_not_there) {
  script s;
  s.client(parse("", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_server(parse("", "select 1") + sync());
  s.change_client().client(bind_statement("", "") + sync());
  s.expect_server(close_statement("") + bind_statement("", "") + sync());
}

TEST(unnamed, simple_query_drops_it) {
  script s;
  s.client(parse("", "select 1") + sync()).server(parse_complete() + ready());
  s.client(query("select 2")).server(one_row + ready());
  EXPECT_EQ(s.client_state().unnamed.current(), nullptr);
}

TEST(unnamed, parse_that_an_error_skipped_leaves_the_one_before) {
  script s;
  s.client(parse("", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_server(parse("", "select 1") + sync());
  s.client(bind_statement("", "nope") + parse("", "select 2") + sync() + bind_statement("", "") + sync());
  s.expect_server(bind_statement("", "nope") + parse("", "select 2") + sync());
  s.server(error("26000", "no") + ready());
  s.expect_server(parse("", "select 1") + bind_statement("", "") + sync());
}

const auto stale_plan = error("0A000", "cached plan must not change result type", "RevalidateCachedQuery");

TEST(replay, stale_plan_is_prepared_again_unseen) {
  for (std::size_t piece = 0; piece <= 40; ++piece) {
    script s;
    s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse(s.name(1), "select 1") + sync()).expect_client(parse_complete() + ready());
    s.client(bind_statement("", "p") + describe_portal("") + execute() + sync());
    s.expect_server(bind_statement("", s.name(1)) + describe_portal("") + execute() + sync());
    s.in_pieces_of(piece).server(stale_plan + ready());
    s.expect_server(close_statement(s.name(1)) + parse(s.name(1), "select 1") +
                    bind_statement("", s.name(1)) + describe_portal("") + execute() + sync());
    s.server(close_complete() + parse_complete() + bind_complete() + row_description() + one_row + ready());
    s.expect_client(bind_complete() + row_description() + one_row + ready()).expect_quiet();
  }
}

TEST(replay, a_client_that_does_not_ask_for_a_new_description_sees_the_error_once) {
  script s;
  s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.client(bind_statement("", "p") + execute() + sync()).server(stale_plan + ready());
  s.expect_client(parse_complete() + ready() + stale_plan + ready());
  s.expect_server(parse(s.name(1), "select 1") + sync() + bind_statement("", s.name(1)) + execute() + sync());
  s.client(bind_statement("", "p") + execute() + sync());
  s.expect_server(close_statement(s.name(1)) + parse(s.name(1), "select 1") + bind_statement("", s.name(1)) +
                  execute() + sync());
}

struct told_by_portal : testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(a_client, told_by_portal, testing::Bool());

// The client reads rows as they were described to it once, and this backend has parsed the text only now.
TEST_P(told_by_portal, what_its_rows_look_like_is_refused_other_rows) {
  const std::string text = "select * from t";
  script s;
  const auto told = [&](const std::string& by_client, const std::string& to_server,
                        const std::string& answer) {
    s.client(parse("p", text) + by_client).expect_server(parse(s.name(1), text) + to_server);
    s.server(parse_complete() + answer).expect_client(parse_complete() + answer);
  };
  const auto executed = execute() + sync();
  if (GetParam())
    told(bind_statement("", "p") + describe_portal("") + executed,
         bind_statement("", s.name(1)) + describe_portal("") + executed,
         bind_complete() + row_description("a") + complete("SELECT 0") + ready());
  else
    told(describe_statement("p") + sync(), describe_statement(s.name(1)) + sync(),
         parameter_description() + row_description("a") + ready());
  const auto run = bind_statement("", "p") + execute() + sync();
  const auto run_there = bind_statement("", s.name(1)) + execute() + sync();
  const auto answer = bind_complete() + data_row("1") + complete("SELECT 1") + ready();

  s.change_backend().client(run);
  s.expect_server(parse(s.name(1), text) + describe_statement(s.name(1)) + run_there);
  s.server(parse_complete() + parameter_description() + row_description("a") + answer).expect_client(answer);
  s.client(run).expect_server(run_there).server(answer).expect_client(answer).expect_quiet();

  const auto refused = stale_plan + ready();
  s.change_backend().client(run);
  s.expect_server(parse(s.name(1), text) + describe_statement(s.name(1)) + run_there);
  s.server(parse_complete() + parameter_description() + row_description("b") + answer);
  s.expect_client(refused).expect_quiet();
  s.client(run).expect_server(describe_statement(s.name(1)) + run_there);
  s.server(parameter_description() + row_description("b") + answer).expect_client(refused).expect_quiet();
  s.client(run).expect_server(describe_statement(s.name(1)) + run_there);
  s.server(parameter_description() + row_description("b") + error("08P01", "too few parameters") + ready());
  s.expect_client(refused).expect_quiet();
}

// pgx asks for a format for each column that it was told of.
const auto other_columns =
    error("08P01", "bind message has 3 result formats but query has 2 columns", "PortalSetResultFormat");

struct other_column_count : testing::Test {
  const std::string text = "select * from t";
  const std::string run = bind_statement("", "p") + describe_portal("") + execute() + sync();
  const std::string run_there =
      bind_statement("", script::name(1)) + describe_portal("") + execute() + sync();
  script s;

  void SetUp() override {
    const auto told = parse_complete() + parameter_description() + row_description("a") + ready();
    s.client(parse("p", text) + describe_statement("p") + sync());
    s.expect_server(parse(s.name(1), text) + describe_statement(s.name(1)) + sync());
    s.server(told).expect_client(told);
  }
};

TEST_F(other_column_count, is_told_in_the_words_by_which_drivers_know_that_they_must_prepare_again) {
  s.client(run).expect_server(run_there).server(stale_plan + ready());
  s.expect_server(close_statement(s.name(1)) + parse(s.name(1), text) + run_there);
  s.server(close_complete() + parse_complete() + other_columns + ready()).expect_client(stale_plan + ready());
  s.expect_quiet().change_backend().client(run).expect_server(parse(s.name(1), text) + run_there);
  s.server(parse_complete() + other_columns + ready()).expect_client(stale_plan + ready()).expect_quiet();
}

TEST_F(other_column_count, is_the_mistake_of_who_was_told_of_what_is_there) {
  s.client(run).expect_server(run_there);
  s.server(other_columns + ready()).expect_client(other_columns + ready()).expect_quiet();
}

TEST(blind_unit, that_does_more_than_read_goes_as_it_is) {
  script s;
  const std::string text = "delete from t returning *";
  const auto described = parse_complete() + parameter_description() + row_description("a") + ready();
  s.client(parse("p", text) + describe_statement("p") + sync());
  s.expect_server(parse(s.name(1), text) + describe_statement(s.name(1)) + sync());
  s.server(described).expect_client(described).change_backend();
  s.client(bind_statement("", "p") + execute() + sync());
  s.expect_server(parse(s.name(1), text) + bind_statement("", s.name(1)) + execute() + sync());
}

TEST(replay, happens_once) {
  script s;
  s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.client(bind_statement("", "p") + describe_portal("") + execute() + sync()).server(stale_plan + ready());
  s.expect_client(parse_complete() + ready());
  s.server(close_complete() + parse_complete() + stale_plan + ready()).expect_client(stale_plan + ready());
  s.expect_quiet();
}

TEST(replay, does_not_happen_inside_a_transaction) {
  script s;
  s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.client(query("begin")).server(complete("BEGIN") + ready('T'));
  s.client(bind_statement("", "p") + execute() + sync()).server(stale_plan + ready('E'));
  s.expect_client(parse_complete() + ready() + complete("BEGIN") + ready('T') + stale_plan + ready('E'));
}

TEST(replay, does_not_happen_when_rows_are_out) {
  script s;
  s.client(parse("p", "select 1") + parse("q", "select 2") + sync());
  s.server(parse_complete() + parse_complete() + ready());
  s.client(bind_statement("", "p") + execute() + bind_statement("", "q") + sync());
  s.server(bind_complete() + one_row + stale_plan + ready());
  s.expect_client(parse_complete() + parse_complete() + ready() + bind_complete() + one_row + stale_plan +
                  ready());
}

TEST(reset, that_is_answered_late_does_not_hide_what_the_next_client_leaves) {
  script s;
  s.backend_state().expected.push({.request = core::request::query, .how = core::handling::swallow});
  s.client(query("select set_config('a.b', 'c', false)"));
  s.server(complete("DISCARD ALL") + ready() + row_description() + data_row("c") + complete("SELECT 1") +
           ready());
  EXPECT_TRUE(s.backend_state().dirty);
}

// It takes away the application's name, which the pool believes to be that of the session.
TEST(reset, by_the_client_itself_is_done_again_for_the_next_one) {
  script s;
  s.client(query("discard all")).server(complete("DISCARD ALL") + ready());
  EXPECT_TRUE(s.backend_state().dirty);
  script extended;
  extended.client(parse("", "discard all") + bind_statement("", "") + execute() + sync());
  extended.server(parse_complete() + bind_complete() + complete("DISCARD ALL") + ready());
  EXPECT_TRUE(extended.backend_state().dirty);
}

TEST(state_left_behind, is_seen_in_every_statement_of_a_query) {
  for (const auto* text :
       {"select 1; do $$ begin end $$", ";do $$ begin end $$", "reset all",
        "begin; create temp table t as select 1; commit", "select a into temp t from u",
        "explain analyze create temp table t as select 1", "call p()", "select 1; load 'x'",
        "select 1; declare c cursor with hold for select 1", "begin; listen a", "select (1).pg_advisory_lock",
        "update pg_settings set setting = 1", "select 1; select set_config('a', 'b', false)"})
    same_for_every_split([&](script& s) {
      s.client(query(text));
      EXPECT_TRUE(s.backend_state().dirty) << text;
    });
  script s;
  s.client(query("begin; update t set a = 'set_config(1)'; commit") + query("copy t from stdin"));
  EXPECT_FALSE(s.backend_state().dirty);
}

TEST(state_left_behind, is_seen_behind_the_first_bytes_of_a_long_query) {
  same_for_every_split([](script& s) {
    s.client(query("select 1 /*" + std::string(3'000, 'x') + "*/, set_config('a', 'b', false)"));
    EXPECT_TRUE(s.backend_state().dirty);
  });
  script harmless;
  harmless.in_pieces_of(1'000).client(query("select 1 /*" + std::string(3'000, 'x') + "*/"));
  EXPECT_FALSE(harmless.backend_state().dirty);
}

TEST(state_left_behind, is_taken_for_granted_of_what_is_not_seen_whole) {
  const std::string large = "select 1 /*" + std::string(core::whole_message_limit, 'x') + "*/";
  script simple;
  simple.in_pieces_of(10'000).client(query(large));
  EXPECT_TRUE(simple.backend_state().dirty);
  for (const auto* name : {"", "p"}) {
    script extended;
    extended.client(parse(name, large) + sync());
    EXPECT_FALSE(extended.backend_state().dirty) << name;
    extended.server(parse_complete() + ready()).client(bind_statement("", name) + execute() + sync());
    EXPECT_TRUE(extended.backend_state().dirty) << name;
  }
}

TEST(state_left_behind, is_taken_for_granted_of_a_function_call) {
  script s;
  s.client(function_call());
  EXPECT_TRUE(s.backend_state().dirty);
}

TEST(state_left_behind, is_seen_when_a_statement_is_bound) {
  for (const auto* name : {"", "p"}) {
    script s;
    s.client(parse(name, "update pg_settings set setting = 1") + sync());
    EXPECT_FALSE(s.backend_state().dirty) << name;
    s.server(parse_complete() + ready()).client(bind_statement("", name) + execute() + sync());
    EXPECT_TRUE(s.backend_state().dirty) << name;
  }
}

TEST(state_left_behind, is_told_by_command_tags) {
  for (const auto* tag :
       {"RESET", "DO", "CALL", "EXPLAIN", "LOAD", "LISTEN", "PREPARE", "DECLARE CURSOR", "CREATE TABLE AS"}) {
    script s;
    s.client(query("select 1")).server(complete(tag) + ready());
    EXPECT_TRUE(s.backend_state().dirty) << tag;
  }
  script s;
  s.client(query("select 1"));
  for (const auto* tag : {"SELECT 1", "INSERT 0 1", "ROLLBACK", "RELEASE", "DELETE 1", "DEALLOCATE", "COPY 1",
                          "COMMIT", "CLOSE CURSOR", "DROP TABLE"})
    s.server(complete(tag));
  EXPECT_FALSE(s.backend_state().dirty);
}

}  // namespace
}  // namespace pgweir::test
