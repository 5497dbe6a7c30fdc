// Which units pgweir answers itself, and what it says.
#include "proxy/core/transaction_deferral.hpp"
#include "proxy/core/unit_reader.hpp"
#include "tests/core/messages.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using outcome = core::deferral_step::outcome;

const auto began = complete("BEGIN") + ready('T');

class deferral : public testing::Test {
 protected:
  std::string answer(const std::string& bytes) {
    std::string said;
    step_ = core::defer_transaction(client_, wire::as_bytes(bytes), rules_, said);
    EXPECT_EQ(step_.bytes > 0, !said.empty());
    return readable(said);
  }
  // Answered, up to the end of `bytes`.
  void expect_answer(const std::string& bytes, const std::string& expected) {
    EXPECT_EQ(answer(bytes), readable(expected)) << readable(bytes);
    EXPECT_EQ(step_.bytes, bytes.size());
  }
  void expect_dispatch(const std::string& bytes) {
    EXPECT_EQ(answer(bytes), "") << readable(bytes);
    EXPECT_EQ(step_.what, outcome::dispatch) << readable(bytes);
  }
  void expect_refused(const std::string& bytes) {
    EXPECT_EQ(answer(bytes), "") << readable(bytes);
    EXPECT_EQ(step_.what, outcome::refused) << readable(bytes);
  }
  // An earlier unit prepared it.
  void knows(const std::string& name, const std::string& text) {
    client_.statements.define(name, catalogue_.intern(wire::as_bytes(text + std::string(3, '\0'))));
  }
  std::string unnamed_text() const {
    const auto* mine = client_.unnamed.current();
    return mine == nullptr ? "none" : mine->text().substr(0, mine->text().find('\0'));
  }

  core::statement_catalogue catalogue_{1 << 20, "secret"};
  core::begin_statements begins_{catalogue_};
  core::deferral_rules rules_{.begins = begins_};
  core::client_state client_;
  core::deferral_step step_;
};

TEST_F(deferral, answers_begin_and_the_end_of_an_empty_transaction) {
  for (const std::string begin : {"BEGIN", "start transaction read only;"})
    for (const std::string end : {"COMMIT", "end work", "ROLLBACK", "abort"}) {
      const bool starts = begin.starts_with("start");
      const bool commits = end == "COMMIT" || end == "end work";
      expect_answer(query(begin), complete(starts ? "START TRANSACTION" : "BEGIN") + ready('T'));
      EXPECT_TRUE(client_.deferred.is_begun());
      expect_answer(query(end), complete(commits ? "COMMIT" : "ROLLBACK") + ready('I'));
      EXPECT_TRUE(client_.deferred.is_none());
    }
}

TEST_F(deferral, answers_as_drivers_ask_by_the_extended_protocol) {
  expect_answer(parse("", "BEGIN") + bind_statement("", "") + describe_portal("") + execute() + sync(),
                parse_complete() + bind_complete() + no_data() + began);
  EXPECT_EQ(unnamed_text(), "BEGIN");
  expect_answer(parse("", "COMMIT") + bind_statement("", "") + execute() + sync(),
                parse_complete() + bind_complete() + complete("COMMIT") + ready());
  expect_dispatch(bind_statement("", "") + execute() + sync());
  EXPECT_EQ(unnamed_text(), "COMMIT");
}

TEST_F(deferral, keeps_the_statements_that_clients_prepare_for_it) {
  expect_answer(parse("b", "begin") + describe_statement("b") + bind_statement("", "b") + execute() + sync(),
                parse_complete() + parameter_description() + no_data() + bind_complete() + began);
  ASSERT_NE(client_.statements.find("b"), nullptr);
  EXPECT_FALSE(client_.statements.in_doubt("b"));
  knows("c", "commit");
  expect_answer(bind_statement("", "c") + execute() + sync(), bind_complete() + complete("COMMIT") + ready());
  expect_answer(bind_statement("", "b") + execute("", 1) + sync(), bind_complete() + began);
}

TEST_F(deferral, a_simple_query_drops_the_unnamed_statement) {
  expect_answer(parse("", "BEGIN") + bind_statement("", "") + execute() + sync(),
                parse_complete() + bind_complete() + began);
  expect_answer(query("commit"), complete("COMMIT") + ready());
  EXPECT_EQ(unnamed_text(), "none");
}

TEST_F(deferral, leaves_to_the_server_what_is_no_such_unit) {
  knows("b", "begin");
  knows("s", "select 1");
  const auto run_b = bind_statement("", "b") + execute();
  for (const auto& bytes : {query("select 1"),
                            query("begin; select 1"),
                            query("commit"),
                            query("savepoint a"),
                            function_call(),
                            parse("", "begin") + sync(),
                            parse("", "begin") + bind_statement("", "") + sync(),
                            parse("", "begin") + bind_statement("", "b") + execute() + sync(),
                            parse("", "begin", {23}) + bind_statement("", "") + execute() + sync(),
                            parse("b", "begin") + bind_statement("", "b") + execute() + sync(),
                            bind_statement("", "s") + execute() + sync(),
                            bind_statement("", "no_such") + execute() + sync(),
                            bind_statement("", "") + execute() + sync(),
                            bind_statement("p", "b") + execute("p") + sync(),
                            bind_statement("", "b", "1") + execute() + sync(),
                            execute() + sync(),
                            bind_statement("", "b") + describe_portal("p") + execute() + sync(),
                            run_b + execute() + sync(),
                            run_b + bind_statement("", "s") + execute() + sync(),
                            run_b + flush() + sync(),
                            run_b,
                            run_b + query("x"),
                            run_b + close_statement("b") + sync(),
                            query("begin").substr(0, 8)})
    expect_dispatch(bytes);
  EXPECT_TRUE(client_.deferred.is_none());
  EXPECT_EQ(unnamed_text(), "none");
}

TEST_F(deferral, a_begin_with_more_behind_it_goes_as_it_comes) {
  expect_dispatch(query("begin") + query("select 1"));
  expect_dispatch(query("begin") + "Q");
  expect_answer(query("begin"), began);
  EXPECT_EQ(answer(query("commit") + query("select 1")), readable(complete("COMMIT") + ready()));
}

TEST_F(deferral, a_begin_that_a_standby_refuses_waits_only_where_there_is_none) {
  for (const auto* text : {"BEGIN READ WRITE", "BEGIN ISOLATION LEVEL SERIALIZABLE"}) {
    rules_.server_takes_writes = false;
    expect_dispatch(query(text));
    rules_.server_takes_writes = true;
    expect_answer(query(text), began);
    expect_answer(query("rollback"), complete("ROLLBACK") + ready());
  }
}

TEST_F(deferral, all_else_goes_to_a_server_also_a_second_begin) {
  expect_answer(query("begin"), began);
  for (const auto* text :
       {"begin", "select 1", "commit and chain", "rollback to a", "set transaction read only"})
    expect_dispatch(query(text));
  EXPECT_TRUE(client_.deferred.is_begun());
}

TEST_F(deferral, once_its_first_unit_was_refused_only_its_end_is_accepted) {
  for (const std::string end : {"commit", "rollback"}) {
    expect_answer(query("begin"), began);
    EXPECT_TRUE(core::refuse_unit(client_, wire::as_bytes(query("select 1"))));
    EXPECT_EQ(client_.deferred.status(), 'E');
    expect_refused(query("select 1"));
    expect_refused(query("begin"));
    expect_refused(parse("", "select 1"));
    expect_refused(query("rollback to a"));
    expect_answer(query(end), complete("ROLLBACK") + ready('I'));
    EXPECT_TRUE(client_.deferred.is_none());
    client_.rest = {};
  }
}

TEST_F(deferral, of_a_failed_one_what_may_be_its_end_goes_to_a_server) {
  knows("r", "rollback");
  for (const auto& unit :
       {query("ROLLBACK; SELECT 1"), query("/* reset */ end work;\nRESET ALL"), query("abort; begin"),
        query(""), query(" ; "), parse("", "ROLLBACK") + bind_statement("", "") + execute() + parse("", "x"),
        parse("r", "ROLLBACK") + sync(), parse("", "ROLLBACK") + describe_statement("") + flush(),
        parse("", "ROLLBACK") + bind_statement("", "s") + execute() + sync(), parse("", "") + sync(),
        describe_statement("r") + sync(), bind_statement("", "r") + sync(), close_statement("s") + sync()}) {
    client_.deferred.begin(*begins_.find({}), false);
    client_.deferred.fail();
    expect_dispatch(unit);
    EXPECT_TRUE(client_.deferred.is_handed_over()) << readable(unit);
    EXPECT_EQ(client_.deferred.status(), 'E');
    core::refuse_unit(client_, wire::as_bytes(unit));
    EXPECT_TRUE(client_.deferred.is_failed()) << "there was no server to be had";
    client_.rest = {};
    client_.discards_until_sync = false;
  }
  knows("s", "select 1");
  for (const auto& unit :
       {query("SELECT 1; ROLLBACK"), query("ROLLBACK TO s; SELECT 1"), query("ROLLBACK AND CHAIN; SELECT 1"),
        query("COMMIT PREPARED 'x'; SELECT 1"), parse("", "SELECT 1") + sync(), function_call(),
        parse("", "x") + bind_statement("", "r") + execute() + sync(), bind_statement("", "s") + sync(),
        describe_statement("s") + sync(), describe_portal("") + sync(), query("ROLLBACK; ").substr(0, 9)})
    expect_refused(unit);
}

TEST_F(deferral, what_is_refused_outside_a_transaction_leaves_none) {
  EXPECT_TRUE(core::refuse_unit(client_, wire::as_bytes(query("select 1"))));
  EXPECT_EQ(client_.deferred.status(), 'I');
}

TEST_F(deferral, without_memory_for_its_statement_it_goes_to_the_server) {
  core::statement_catalogue full{1, "secret"};
  core::begin_statements none{full};
  std::string said;
  const core::deferral_rules rules{.begins = none};
  const auto bytes = query("begin");
  EXPECT_EQ(core::defer_transaction(client_, wire::as_bytes(bytes), rules, said).what, outcome::dispatch);
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace pgweir::test
