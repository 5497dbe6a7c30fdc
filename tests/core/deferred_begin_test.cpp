// How the server is told of a transaction that pgweir has begun in its place, and what becomes of it if that
// fails.
#include "proxy/core/begin_statements.hpp"
#include "proxy/wire/request.hpp"
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

class deferred_begin : public testing::Test {
 protected:
  enum class by { query, extended };

  void begin(by how = by::query) { s_.client_state().deferred.begin(*begins_.find({}), how == by::extended); }
  // What goes ahead of the first unit; the first time on a backend it is parsed.
  static std::string opening(const std::string& close = close_portal("")) {
    return bind_statement("", script::name(1)) + execute() + close;
  }
  static std::string parsing() { return parse(script::name(1), "BEGIN"); }
  static std::string opened(const std::string& closed = close_complete()) {
    return bind_complete() + complete("BEGIN") + closed;
  }
  void expect_failed() {
    EXPECT_TRUE(s_.client_state().deferred.is_failed());
    s_.expect_quiet();
  }

  script s_;
  core::begin_statements begins_{s_.catalogue()};
};

const auto one_row = data_row("1") + complete("SELECT 1");
const auto timed_out = error("57014", "canceling statement due to statement timeout");

TEST_F(deferred_begin, goes_in_front_of_the_first_query_and_is_not_seen) {
  begin();
  s_.client(query("select 1")).expect_server(parsing() + opening() + query("select 1")).expect_quiet(false);
  s_.server(parse_complete() + opened() + one_row + ready('T')).expect_client(one_row + ready('T'));
  EXPECT_TRUE(s_.client_state().deferred.is_none());
  s_.expect_quiet(false);
  s_.client(query("commit")).expect_server(query("commit"));
  s_.server(complete("COMMIT") + ready()).expect_client(complete("COMMIT") + ready()).expect_quiet();
}

TEST_F(deferred_begin, is_parsed_once_on_each_backend) {
  for (const auto& first : {parsing(), std::string{}}) {
    begin();
    s_.client(query("select 1")).expect_server(first + opening() + query("select 1"));
    s_.server((first.empty() ? "" : parse_complete()) + opened() + one_row + ready('T'));
    s_.client(query("rollback")).server(complete("ROLLBACK") + ready()).expect_server(query("rollback"));
    s_.expect_client(one_row + ready('T') + complete("ROLLBACK") + ready());
  }
  s_.change_backend();
  begin();
  s_.client(query("x")).expect_server(parsing() + opening() + query("x"));
}

TEST_F(deferred_begin, leaves_the_unnamed_portal_where_the_clients_own_would) {
  begin(by::extended);
  s_.client(describe_portal("") + sync());
  s_.expect_server(parsing() + opening("") + describe_portal("") + sync());
  s_.server(parse_complete() + opened("") + no_data() + ready('T')).expect_client(no_data() + ready('T'));
}

TEST_F(deferred_begin, goes_in_front_of_a_batch_too) {
  begin();
  const auto batch = parse("", "x") + bind_statement("", "") + execute() + sync();
  s_.client(batch).expect_server(parsing() + opening() + batch);
  const auto answers = parse_complete() + bind_complete() + one_row + ready('T');
  s_.server(parse_complete() + opened() + answers).expect_client(answers);
  EXPECT_TRUE(s_.client_state().deferred.is_none());
}

TEST_F(deferred_begin, survives_any_split_of_the_streams) {
  for (std::size_t piece = 1; piece <= 40; ++piece) {
    SCOPED_TRACE(piece);
    script s;
    s.in_pieces_of(piece);
    core::begin_statements begins{s.catalogue()};
    s.client_state().deferred.begin(*begins.find({}), false);
    s.client(query("select 1")).expect_server(parsing() + opening() + query("select 1"));
    s.client(query("select 2")).expect_server("");
    s.server(parse_complete() + opened()).expect_server(query("select 2")).expect_client("");
    s.server(one_row + ready('T') + one_row + ready('T'));
    s.expect_client(one_row + ready('T') + one_row + ready('T'));
  }
}

TEST_F(deferred_begin, a_query_that_fails_leaves_a_failed_transaction_with_the_server) {
  begin();
  s_.client(query("fails")).expect_server(parsing() + opening() + query("fails"));
  s_.server(parse_complete() + opened() + error("22012", "division") + ready('E'));
  s_.expect_client(error("22012", "division") + ready('E')).expect_quiet(false);
  EXPECT_TRUE(s_.client_state().deferred.is_none());
  s_.client(query("rollback")).expect_server(query("rollback"));
}

// The server skips the Query, up to a Sync that the client will not send.
TEST_F(deferred_begin, when_it_fails_the_query_behind_it_has_not_run) {
  for (const auto& done : {std::string{}, parse_complete(), parse_complete() + bind_complete(),
                           parse_complete() + bind_complete() + complete("BEGIN")}) {
    s_.change_backend();
    begin();
    s_.client(query("select 1")).expect_server(parsing() + opening() + query("select 1"));
    s_.server(done + timed_out).expect_server(sync()).expect_client(timed_out).expect_quiet(false);
    s_.server(ready()).expect_client(ready('E'));
    expect_failed();
    s_.client_state().deferred.end();
  }
}

TEST_F(deferred_begin, when_it_fails_the_batch_behind_it_ends_at_its_own_sync) {
  begin();
  const auto batch = parse("s", "x") + bind_statement("", "s") + execute() + sync();
  s_.client(batch);
  s_.expect_server(parsing() + opening() + parse(script::name(2), "x") + bind_statement("", script::name(2)) +
                   execute() + sync());
  s_.server(timed_out + ready()).expect_server("").expect_client(timed_out + ready('E'));
  expect_failed();
  EXPECT_EQ(s_.client_state().statements.find("s"), nullptr);
  EXPECT_EQ(s_.backend_state().prepared.size(), 0u);
}

TEST_F(deferred_begin, when_it_fails_before_the_sync_has_come_the_rest_is_skipped) {
  begin();
  s_.client(parse("", "x") + flush()).server(timed_out).expect_client(timed_out);
  s_.expect_server(parsing() + opening() + parse("", "x") + flush());
  s_.client(bind_statement("", "") + execute() + sync()).expect_server(sync());
  s_.server(ready()).expect_client(ready('E'));
  expect_failed();
}

TEST_F(deferred_begin, when_it_fails_under_a_query_that_streams_the_sync_waits_for_its_end) {
  begin();
  const auto large = query(std::string(core::whole_message_limit, 'x'));
  const auto half = large.size() / 2;
  s_.client(large.substr(0, half));
  s_.server(timed_out).expect_client(timed_out).expect_quiet(false);
  s_.client(large.substr(half) + query("select 2"));
  s_.expect_server(parsing() + opening() + large + sync());
  s_.server(ready()).expect_client(ready('E'));
  expect_failed();
  s_.expect_server("");
}

TEST_F(deferred_begin, what_comes_behind_the_failure_is_never_sent) {
  begin();
  s_.client(query("insert 1")).expect_server(parsing() + opening() + query("insert 1"));
  s_.client(query("insert 2") + parse("", "x") + bind_statement("", "") + execute() + sync());
  s_.server(timed_out + ready()).expect_server(sync()).expect_client(timed_out + ready('E'));
  s_.server("").client(query("insert 3")).expect_server("");
  expect_failed();
}

// Should the server be in a transaction all the same, then it knows how that ends.
TEST_F(deferred_begin, an_error_right_behind_it_leaves_the_transaction_with_the_server) {
  begin();
  s_.client(query("select 1")).expect_server(parsing() + opening() + query("select 1"));
  s_.server(parse_complete() + bind_complete() + complete("BEGIN") + error("XX000", "close"))
      .expect_server(sync());
  s_.server(ready('E')).expect_client(error("XX000", "close") + ready('E')).expect_quiet(false);
  EXPECT_TRUE(s_.client_state().deferred.is_none());
  s_.client(query("rollback")).expect_server(query("rollback"));
}

TEST_F(deferred_begin, a_unit_in_a_transaction_is_not_sent_again) {
  begin();
  s_.client(parse("s", "x") + bind_statement("", "s") + execute() + sync());
  const auto missing = error("26000", "prepared statement does not exist", "FetchPreparedStatement");
  s_.server(parse_complete() + opened() + parse_complete() + missing + ready('E'));
  s_.expect_client(parse_complete() + missing + ready('E')).expect_quiet(false);
}

// Once failed, in a transaction that the server does not know of.
TEST_F(deferred_begin, is_a_failed_one_on_the_server_before_what_may_end_it) {
  const auto failing = query("BEGIN; ROLLBACK TO SAVEPOINT \"refused by pgweir\"");
  const auto failed = complete("BEGIN") + error("3B001", "no such savepoint") + ready('E');
  begin();
  s_.client_state().deferred.fail();
  s_.client_state().deferred.hand_over();
  s_.client(query("rollback; select 1")).expect_server(failing + query("rollback; select 1"));
  s_.server(failed).expect_client("");
  const auto ended = complete("ROLLBACK") + one_row + ready();
  s_.server(ended).expect_client(ended).expect_quiet();

  begin();
  s_.client_state().deferred.fail();
  s_.client_state().deferred.hand_over();
  s_.client(parse("", "rollback") + sync()).expect_server(failing + parse("", "rollback") + sync());
  s_.server(failed + parse_complete() + ready('E')).expect_client(parse_complete() + ready('E'));
  s_.expect_quiet(false);
}

const auto begin_is_missing = error("26000", "no such prepared statement", "FetchPreparedStatement");

// A trigger has dropped it, unseen.
TEST_F(deferred_begin, goes_again_where_the_server_has_lost_its_statement) {
  const auto afresh = close_statement(script::name(1)) + parsing() + opening();
  const auto opened_afresh = close_complete() + parse_complete() + opened();
  for (const auto& unit : {query("select 1"), parse("", "x") + bind_statement("", "") + execute() + sync()}) {
    for (std::size_t piece = 0; piece <= 40; ++piece) {
      SCOPED_TRACE(piece);
      script s;
      core::begin_statements begins{s.catalogue()};
      s.client_state().deferred.begin(*begins.find({}), false);
      s.client(query("x")).server(parse_complete() + opened() + one_row + ready('T'));
      s.client(query("commit")).server(complete("COMMIT") + ready());
      s.expect_server(parsing() + opening() + query("x") + query("commit"));
      s.expect_client(one_row + ready('T') + complete("COMMIT") + ready());

      s.server_in_pieces_of(piece);
      s.client_state().deferred.begin(*begins.find({}), false);
      s.client(unit).expect_server(opening() + unit);
      const bool is_query = unit.front() == 'Q';
      s.server(begin_is_missing).expect_server(is_query ? sync() : "").expect_client("");
      s.server(ready()).expect_client("").expect_server(afresh + unit);
      const auto answer = (is_query ? "" : parse_complete() + bind_complete()) + one_row + ready('T');
      s.server(opened_afresh + answer).expect_client(answer).expect_quiet(false);
      EXPECT_TRUE(s.client_state().deferred.is_none());
    }
  }
}

TEST_F(deferred_begin, goes_again_with_as_much_of_a_batch_as_has_come) {
  s_.backend_state().prepared.add(1, script::name(1), s_.catalogue().count_parse());
  begin();
  const auto first = parse("s", "x") + describe_statement("s") + flush();
  const auto sent = parse(script::name(2), "x") + describe_statement(script::name(2)) + flush();
  s_.client(first).expect_server(opening() + sent);
  s_.server(begin_is_missing).expect_server(sync()).expect_client("");
  s_.client(bind_statement("", "s") + execute() + sync()).expect_server("");
  s_.server(ready()).expect_client("");
  s_.expect_server(close_statement(script::name(1)) + parsing() + opening() + sent +
                   bind_statement("", script::name(2)) + execute() + sync());
  const auto answer = parse_complete() + parameter_description() + row_description();
  s_.server(close_complete() + parse_complete() + opened() + answer).expect_client(answer);
  s_.server(bind_complete() + one_row + ready('T')).expect_client(bind_complete() + one_row + ready('T'));
}

TEST_F(deferred_begin, goes_again_behind_what_makes_the_backend_fit) {
  s_.backend_state().prepared.add(1, script::name(1), s_.catalogue().count_parse());
  s_.backend_state().expected.push({.request = core::request::query, .how = core::handling::swallow});
  begin();
  s_.client(query("select 1")).expect_server(opening() + query("select 1"));
  s_.server(complete("SET") + ready() + begin_is_missing).expect_server(sync()).expect_client("");
  s_.server(ready()).expect_server(close_statement(script::name(1)) + parsing() + opening() +
                                   query("select 1"));
}

TEST_F(deferred_begin, goes_again_but_once) {
  s_.backend_state().prepared.add(1, script::name(1), s_.catalogue().count_parse());
  begin();
  s_.client(query("select 1")).server(begin_is_missing).server(ready()).expect_client("");
  s_.server(close_complete() + parse_complete() + begin_is_missing).expect_client(begin_is_missing);
  s_.server(ready()).expect_client(ready('E'));
  expect_failed();
}

// What a Describe needs is parsed before: SET TRANSACTION must find no snapshot.
TEST_F(deferred_begin, waits_for_the_statement_that_a_describe_needs) {
  s_.client(parse("s", "x") + sync()).server(parse_complete() + ready());
  s_.expect_server(parse(script::name(1), "x") + sync()).expect_client(parse_complete() + ready());
  for (const bool is_refused : {false, true}) {
    s_.change_backend();
    begin();
    s_.client(describe_statement("s") + sync()).expect_server(parse(script::name(1), "x") + sync());
    s_.server((is_refused ? error("42P01", "no such table") : parse_complete()) + ready()).expect_client("");
    const auto name = script::name(2);
    const auto inside =
        is_refused ? close_statement(script::name(1)) + parse(script::name(1), "x") : std::string{};
    s_.expect_server(parse(name, "BEGIN") + bind_statement("", name) + execute() + close_portal("") + inside +
                     describe_statement(script::name(1)) + sync());
    const auto said = is_refused ? error("42P01", "no such table") + ready('E')
                                 : parameter_description() + row_description() + ready('T');
    s_.server(parse_complete() + opened() + (is_refused ? close_complete() : "") + said).expect_client(said);
  }
}

TEST_F(deferred_begin, goes_ahead_of_a_deallocate_and_of_a_function_call) {
  s_.client(parse("s", "x") + sync()).server(parse_complete() + ready());
  begin();
  s_.client(query("deallocate s"));
  const auto spare = std::string(s_.catalogue().prefix()) + "0";
  s_.expect_server(parse(script::name(1), "x") + sync() + parse(script::name(2), "BEGIN") +
                   bind_statement("", script::name(2)) + execute() + close_portal("") +
                   close_statement(spare) + parse(spare, "") + query("DEALLOCATE " + spare));
  s_.server(parse_complete() + opened() + close_complete() + parse_complete() + complete("DEALLOCATE") +
            ready('T'));
  s_.expect_client(parse_complete() + ready() + complete("DEALLOCATE") + ready('T'));
  s_.change_backend().change_client();
  begin();
  s_.client(function_call());
  s_.expect_server(parse(script::name(2), "BEGIN") + bind_statement("", script::name(2)) + execute() +
                   close_portal("") + function_call());
}

}  // namespace
}  // namespace pgweir::test
