// SQL that names statements which the client has prepared by the protocol: before it runs, the server has
// them under the client's own names, and nobody else's.
#include "proxy/core/own_names.hpp"

#include "proxy/wire/request.hpp"
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using own_exchange = core::backend_state::own_exchange;

const auto look = query("select name from pg_prepared_statements");

// The client has p and q; the server has them under shared names.
script& has_two(script& s) {
  s.client(parse("p", "select 1") + sync()).expect_server(parse(s.name(1), "select 1") + sync());
  s.server(parse_complete() + ready()).expect_client(parse_complete() + ready());
  s.client(parse("q", "select 2") + sync()).expect_server(parse(s.name(2), "select 2") + sync());
  s.server(parse_complete() + ready()).expect_client(parse_complete() + ready());
  return s;
}

const auto dropped = close_statement(script::name(0)) + close_statement(script::name(1)) +
                     close_statement(script::name(2)) + sync();
const auto answered_dropped = close_complete() + close_complete() + close_complete();

const auto given_outside = dropped + parse("p", "select 1") + sync() + parse("q", "select 2") + sync();
const auto answered_outside =
    answered_dropped + ready() + parse_complete() + ready() + parse_complete() + ready();

script& has_own_names(script& s) {
  has_two(s).client(look).expect_server(given_outside);
  s.server(answered_outside).expect_client("").expect_server(look);
  s.server(complete("SELECT 2") + ready()).expect_client(complete("SELECT 2") + ready());
  EXPECT_EQ(s.client_state().names, core::naming::own);
  return s;
}

core::state_findings found(const std::string& name, const std::string& value) {
  std::string body("\0\3\0\0\0\1q", 7);
  for (const auto& column : {name, value}) {
    body.append(3, '\0');
    body += static_cast<char>(column.size());
    body += column;
  }
  core::state_findings all;
  EXPECT_TRUE(all.add_row(wire::as_bytes(body))) << value;
  return all;
}

TEST(own_names, are_known_to_the_server_before_sql_that_names_statements_runs) {
  same_for_every_split([](script& s) {
    has_own_names(s);
    EXPECT_TRUE(s.backend_state().dirty) << "the server is asked whether they are still needed";
  });
}

TEST(own_names, are_given_before_the_first_unit_of_either_protocol) {
  const auto extended = parse("", "execute p") + bind_statement("", "") + execute() + sync();
  for (const auto& unit : {query("execute p"), query("prepare x as select 3"), extended}) {
    script s;
    has_two(s).client(unit).expect_server(given_outside);
    s.server(answered_outside).expect_client("").expect_server(unit);
  }
}

// A function may have used PREPARE: nobody sees that, and it is the client's.
TEST(own_names, take_away_nothing_but_the_shared_ones) {
  script s;
  has_two(s).client(look).expect_server(given_outside);
  s.server(answered_outside).expect_server(look);
  EXPECT_EQ(s.backend_state().prepared.size(), 0U);
}

TEST(own_names, are_given_to_no_client_that_does_not_need_them) {
  for (const auto* text : {"select 1", "deallocate unknown", "deallocate all", "prepare transaction 'x'"}) {
    script s;
    has_two(s).client(query(text)).expect_server(query(text));
    EXPECT_EQ(s.client_state().names, core::naming::shared);
  }
}

TEST(own_names, wait_for_what_is_under_way) {
  script s;
  has_two(s).client(query("select 1") + look).expect_server(query("select 1"));
  s.server(complete("SELECT 1") + ready()).expect_client(complete("SELECT 1") + ready());
  s.expect_server(given_outside);
  s.server(answered_outside).expect_server(look);
}

TEST(own_names, wait_for_the_end_of_copied_data) {
  script s;
  has_two(s).client(query("copy t from stdin")).server(copy_in());
  s.client(from_client::copy_data("1") + from_client::copy_done() + look);
  s.expect_server(query("copy t from stdin") + from_client::copy_data("1") + from_client::copy_done());
  s.server(complete("COPY 1") + ready()).expect_server(given_outside);
  s.server(answered_outside).expect_server(look);
}

TEST(own_names, are_given_before_a_unit_that_names_statements_further_on) {
  script s;
  const auto unit = parse("", "begin") + bind_statement("", "") + execute() + parse("", "execute p") +
                    bind_statement("", "") + execute() + sync();
  has_two(s).client(unit).expect_server(given_outside);
  s.server(answered_outside).expect_server(unit);
}

TEST(own_names, are_given_whatever_the_unit_begins_with) {
  for (const auto& first : {close_statement("none"), describe_statement("p"), from_client::flush()}) {
    script s;
    const auto unit = first + parse("", "execute p") + bind_statement("", "") + execute() + sync();
    has_two(s).client(unit).expect_server(given_outside);
    s.server(answered_outside).expect_server(unit);
  }
}

std::string refused(const wire::error_fields& why) {
  std::string message;
  wire::append_error(message, why);
  return message;
}

const auto refused_parse = parse(script::name(0), "refused by pgweir");
const auto says_no = error("42601", "syntax error");

// As asyncpg does: a Flush, and what follows when its answer has come.
const auto given_inside = close_statement(script::name(0)) + close_statement(script::name(1)) +
                          close_statement(script::name(2)) + parse("p", "select 1") + parse("q", "select 2") +
                          close_statement(script::name(0)) + from_client::flush();
const auto answered_inside = answered_dropped + parse_complete() + parse_complete() + close_complete();
const auto select = parse("", "select 1") + bind_statement("", "") + execute() + from_client::flush();
const auto selected = parse_complete() + bind_complete() + complete("SELECT 1");

TEST(own_names, are_given_in_the_midst_of_a_unit) {
  for (const auto* name : {"", "r"}) {
    script s;
    has_two(s).client(select).expect_server(select).server(selected).expect_client(selected);
    const auto rest = parse(name, "execute p") + bind_statement("", name) + execute() + sync();
    s.client(rest).expect_server(given_inside).expect_client("");
    s.server(answered_inside).expect_client("").expect_server(rest);
    EXPECT_EQ(s.client_state().names, core::naming::own);
    s.server(selected + ready()).expect_client(selected + ready()).expect_quiet();
  }
}

TEST(own_names, are_given_behind_messages_of_the_unit_that_are_not_answered) {
  script s;
  const auto begun = parse("r", "select 3") + describe_statement("r");
  has_two(s).client(begun).expect_server(parse(s.name(3), "select 3") + describe_statement(s.name(3)));
  s.client(parse("", "execute r") + sync());
  s.expect_server(close_statement(s.name(0)) + close_statement(s.name(1)) + close_statement(s.name(2)) +
                  close_statement(s.name(3)) + parse("p", "select 1") + parse("q", "select 2") +
                  parse("r", "select 3") + close_statement(s.name(0)) + from_client::flush());
  const auto described = parse_complete() + parameter_description() + row_description();
  s.server(described).expect_client(described).expect_server("");
  s.server(answered_dropped + close_complete() + parse_complete() + parse_complete() + parse_complete() +
           close_complete());
  s.expect_client("");
  s.expect_server(parse("", "execute r") + sync());
}

TEST(own_names, are_given_in_the_midst_of_a_unit_only_behind_what_earlier_units_did) {
  script s;
  has_two(s).client(close_statement("q") + sync() + parse("", "select 1"));
  s.expect_server(close_statement("q") + sync() + parse("", "select 1"));
  s.client(parse("", "execute q") + sync()).expect_server("");
  s.server(close_complete() + ready())
      .expect_server(close_statement(s.name(0)) + close_statement(s.name(1)) + close_statement(s.name(2)) +
                     parse("p", "select 1") + close_statement(s.name(0)) + from_client::flush());
}

TEST(own_names, are_not_given_in_a_unit_that_has_failed) {
  script s;
  const auto bad = parse("", "bad");
  has_two(s).client(bad).expect_server(bad);
  s.client(parse("", "execute p") + sync()).expect_server(given_inside);
  s.server(error("42601", "bad")).expect_client(error("42601", "bad")).expect_server(sync());
  s.server(ready()).expect_client(ready()).expect_quiet();
  EXPECT_EQ(s.client_state().names, core::naming::shared);
  s.client(bind_statement("", "q") + execute() + sync());
  s.expect_server(bind_statement("", s.name(2)) + execute() + sync());
}

// The server cannot be asked again before the Sync: what it got stays, the rest pgweir keeps.
TEST(own_names, cannot_be_given_in_the_midst_of_a_unit_beside_a_statement_that_the_server_refuses) {
  script s;
  has_two(s).client(select).expect_server(select).server(selected).expect_client(selected);
  s.client(parse("", "execute p") + sync()).expect_server(given_inside);
  s.server(answered_dropped + parse_complete() + error("42P01", "no such table"));
  s.expect_client(refused(core::refusal_of_names_in_unit())).expect_server(sync());
  s.server(ready()).expect_client(ready()).expect_quiet();
  EXPECT_EQ(s.client_state().names, core::naming::own);
  EXPECT_TRUE(s.backend_state().dirty) << "they are shared again as soon as that can be";
  const auto both = bind_statement("", "p") + bind_statement("", "q") + sync();
  s.client(both).expect_server(bind_statement("", "p") + parse(s.name(2), "select 2") +
                               bind_statement("", s.name(2)) + sync());
}

TEST(own_names, cannot_be_given_in_the_midst_of_a_unit_of_a_failed_transaction) {
  script s;
  has_two(s).client(query("bad")).server(error("42601", "bad") + ready('E'));
  s.client(parse("", "rollback") + bind_statement("", "") + execute() + from_client::flush());
  s.server(parse_complete() + bind_complete() + complete("ROLLBACK"));
  s.expect_server(query("bad") + parse("", "rollback") + bind_statement("", "") + execute() +
                  from_client::flush());
  s.client(parse("", "execute p") + sync()).expect_server(refused_parse + sync());
}

const auto cancelled = error("57014", "canceling statement due to user request");

TEST(own_names, end_the_unit_that_waits_for_them_where_its_client_cancels_it) {
  const auto rest = bind_statement("", "") + execute() + sync();
  for (const auto& unit : {look, parse("", "execute p") + rest}) {
    script s;
    has_two(s).client(unit).expect_server(given_outside);
    s.client_state().is_cancelled = true;
    s.server(answered_dropped + ready() + cancelled + ready() + parse_complete() + ready());
    s.expect_server(unit == look ? query("refused by pgweir") : refused_parse + rest).expect_client("");
    s.server(says_no + ready()).expect_client(refused(core::refusal_of_cancelled()) + ready());
    s.client(query("execute p")).expect_server(query("execute p"));
    EXPECT_NE(s.client_state().statements.find("p"), nullptr) << "the server does not have it";
    EXPECT_TRUE(s.backend_state().dirty) << "the session is asked what it has";
  }
}

TEST(own_names, make_a_transaction_fail_whose_client_cancels_that) {
  script s;
  has_two(s).client(query("begin")).server(complete("BEGIN") + ready('T'));
  s.client(look);
  s.client_state().is_cancelled = true;
  const auto failed = error("25P02", "aborted") + ready('E');
  s.expect_client(complete("BEGIN") + ready('T'));
  s.server(answered_dropped + ready('T') + cancelled + ready('E') + failed + failed + failed + failed +
           failed);
  s.expect_client("").server(says_no + ready('E'));
  s.expect_client(refused(core::refusal_of_cancelled()) + ready('E'));
}

TEST(own_names, end_the_unit_in_the_midst_of_which_they_are_given_where_its_client_cancels_it) {
  script s;
  has_two(s).client(select).server(selected).expect_client(selected);
  s.client(parse("", "execute p") + sync());
  s.client_state().is_cancelled = true;
  s.server(answered_dropped + cancelled).expect_client(cancelled).server(ready()).expect_client(ready());
  EXPECT_FALSE(s.client_state().is_cancelled);
  s.client(query("select 1")).server(complete("SELECT 1") + ready());
  s.expect_client(complete("SELECT 1") + ready()).expect_quiet();
}

TEST(own_names, are_not_used_where_the_server_may_still_have_those_of_others) {
  script s;
  has_two(s).client(look).expect_server(given_outside).expect_server_violation(cancelled);
}

// SQL must not meet the statements of other clients instead.
TEST(own_names, cannot_be_given_beside_a_statement_that_is_not_to_be_parsed_again) {
  script s;
  s.client(parse("n", "select 'now'::timestamp") + sync());
  s.expect_server(parse(s.name(2), "select 'now'::timestamp") + sync()).server(parse_complete() + ready());
  s.expect_client(parse_complete() + ready());
  const auto told = refused(core::refusal_of_names_of_large()) + ready();
  s.client(look).expect_server(query("refused by pgweir")).server(says_no + ready()).expect_client(told);
  s.client(parse("", "execute n") + sync()).expect_server(refused_parse + sync());
  s.server(says_no + ready()).expect_client(told).expect_quiet();
  s.client(query("deallocate n")).server(complete("DEALLOCATE") + ready());
  s.expect_server(query("DEALLOCATE " + s.name(2))).expect_client(complete("DEALLOCATE") + ready());
  s.client(look).expect_server(close_statement(s.name(0)) + sync());
}

TEST(own_names, are_given_however_often_an_unnamed_text_comes) {
  const std::string text = "select name from pg_prepared_statements";
  const auto unit = parse("", text) + bind_statement("", "") + execute() + sync();
  script s;
  s.shares_unnamed({text});
  has_two(s).client(unit).expect_server(given_outside);
}

TEST(own_names, pass_as_they_are_from_then_on) {
  same_for_every_split([](script& s) {
    has_own_names(s);
    const auto unit = parse("r", "select 3") + describe_statement("r") + bind_statement("", "r") + execute() +
                      bind_statement("", "p") + execute() + close_statement("r") + sync();
    s.client(unit).expect_server(unit);
    const auto answer = parse_complete() + parameter_description() + row_description() + bind_complete() +
                        complete("SELECT 1") + bind_complete() + complete("SELECT 1") + close_complete() +
                        ready();
    s.server(answer).expect_client(answer).expect_quiet();
    s.client(query("deallocate p")).expect_server(query("deallocate p"));
  });
}

TEST(own_names, leave_the_unnamed_statement_to_its_client) {
  script s;
  has_two(s).client(parse("", "execute p") + sync()).expect_server(given_outside);
  s.server(answered_outside).expect_server(parse("", "execute p") + sync());
  s.server(parse_complete() + ready());
  // The way back, and another backend.
  auto told = found("p", ":select 1").statements;
  told.push_back(found("q", ":select 2").statements.front());
  ASSERT_TRUE(core::share_names(s.client_state(), s.catalogue(), told));
  s.change_backend().client(bind_statement("", "") + execute() + sync());
  s.expect_server(close_statement(script::name(0)) + sync() + parse("p", "select 1") + sync() +
                  parse("q", "select 2") + sync());
  s.server(close_complete() + ready() + parse_complete() + ready() + parse_complete() + ready())
      .expect_server(parse("", "execute p") + bind_statement("", "") + execute() + sync());
}

// lock_timeout, or a table that is there again later.
TEST(own_names, leave_a_statement_that_the_server_refuses_to_its_client) {
  for (const bool is_shared_again : {false, true}) {
    script s;
    has_two(s).client(look).expect_server(given_outside);
    s.server(answered_dropped + ready() + error("55P03", "locked") + ready() + parse_complete() + ready());
    s.expect_client("").expect_server(look).server(complete("SELECT 1") + ready());
    if (is_shared_again) {
      ASSERT_TRUE(core::share_names(s.client_state(), s.catalogue(), {}));
      s.change_backend();
    }
    s.expect_client(complete("SELECT 1") + ready()).client(bind_statement("", "p") + execute() + sync());
    s.expect_server(parse(s.name(1), "select 1") + bind_statement("", s.name(1)) + execute() + sync());
    const auto answer = bind_complete() + complete("SELECT 1") + ready();
    s.server(parse_complete() + answer).expect_client(answer);
    s.client(close_statement("p") + sync()).server(close_complete() + ready());
    EXPECT_EQ(s.client_state().statements.find("p"), nullptr);
  }
}

TEST(own_names, do_without_a_statement_that_cannot_be_parsed_any_more) {
  script s;
  has_two(s).client(look).expect_server(given_outside);
  s.server(answered_dropped + ready() + error("42P01", "no such table") + ready() + parse_complete() +
           ready());
  s.expect_client("").expect_server(look);
}

TEST(own_names, cost_a_transaction_nothing_that_fails) {
  script s;
  has_two(s).client(query("begin")).expect_server(query("begin"));
  s.server(complete("BEGIN") + ready('T')).expect_client(complete("BEGIN") + ready('T'));
  const auto back = query("ROLLBACK TO SAVEPOINT pgweir");
  s.client(look).expect_server(dropped + query("SAVEPOINT pgweir") + parse("p", "select 1") + sync() + back +
                               parse("q", "select 2") + sync() + back + query("RELEASE SAVEPOINT pgweir"));
  const auto undone = complete("ROLLBACK") + ready('T');
  s.server(answered_dropped + ready('T') + complete("SAVEPOINT") + ready('T') +
           error("42P01", "no such table") + ready('E') + undone + parse_complete() + ready('T') + undone +
           complete("RELEASE") + ready('T'));
  s.expect_client("").expect_server(look);
}

TEST(own_names, are_not_asked_for_where_no_sql_runs) {
  script s;
  has_two(s).client(query("begin")).server(complete("BEGIN") + ready('T'));
  s.client(query("bad")).server(error("42601", "bad") + ready('E'));
  s.expect_server(query("begin") + query("bad"));
  s.client(look).expect_server(look);
  EXPECT_EQ(s.client_state().names, core::naming::shared);
}

TEST(own_names, become_shared_again_with_what_the_server_has) {
  script s;
  has_own_names(s);
  const auto told = found("r", "23,25:select $1, ':', $2");
  ASSERT_TRUE(core::share_names(s.client_state(), s.catalogue(), told.statements));
  s.change_backend().client(bind_statement("", "r") + sync());
  s.expect_server(parse(s.name(3), "select $1, ':', $2", {23, 25}) + bind_statement("", s.name(3)) + sync());
  s.server(parse_complete() + bind_complete() + ready()).expect_client(bind_complete() + ready());
  s.client(bind_statement("", "p") + sync()).expect_server(bind_statement("", "p") + sync());
}

TEST(own_names, stay_while_a_statement_cannot_be_parsed_elsewhere) {
  for (const auto* value : {":execute p", ":select 'now'::timestamp", ""}) {
    script s;
    has_own_names(s);
    EXPECT_FALSE(core::share_names(s.client_state(), s.catalogue(), found("r", value).statements)) << value;
    EXPECT_EQ(s.client_state().names, core::naming::own);
  }
}

TEST(own_names, are_read_from_no_row_that_cannot_be_one) {
  std::vector<core::protocol_statement> all;
  for (const auto* value : {"select", "x:select", "1;2:select", "99999999999:select", "-1:select"})
    EXPECT_FALSE(core::read_protocol_statement("p", value, all)) << value;
}

}  // namespace
}  // namespace pgweir::test
