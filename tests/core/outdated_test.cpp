// A Parse that pgweir answered for the sake of an earlier one, where the types have changed in between:
// PostgreSQL would have parsed the text afresh.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

const std::string text = "select a from t where b = $1";
const auto one_row = data_row("1") + complete("SELECT 1");
const auto ran_it = bind_complete() + one_row + ready();

std::string run(const std::string& statement) { return bind_statement("", statement) + execute() + sync(); }
std::string whole(const std::string& statement) { return parse(statement, text) + run(statement); }
std::string refused(const std::string& sqlstate, char transaction = 'I') {
  return error(sqlstate, "no") + ready(transaction);
}

// Another client has prepared the text on the backend, as statement n.
void somebody_has_it(script& s, int n = 1) {
  s.client(parse("first", text) + sync()).expect_server(parse(s.name(n), text) + sync());
  s.server(parse_complete() + ready()).expect_client(parse_complete() + ready()).change_client();
}

TEST(outdated, statement_is_prepared_afresh_and_its_unit_sent_again_unseen) {
  for (const auto* sqlstate : {"42883", "22003", "0A000"}) {
    for (std::size_t piece = 0; piece <= 40; ++piece) {
      script s;
      somebody_has_it(s);
      s.server_in_pieces_of(piece).client(whole("p")).expect_server(run(s.name(1)));
      s.expect_client(parse_complete()).server(refused(sqlstate)).expect_client("");
      s.expect_server(parse(s.name(2), text) + run(s.name(2)));
      s.server(parse_complete() + ran_it).expect_client(ran_it).expect_quiet();
      s.client(run("p")).expect_server(run(s.name(2))).server(ran_it).expect_client(ran_it);
      s.change_client().client(whole("q")).expect_server(run(s.name(2)));
    }
  }
}

TEST(outdated, unit_that_gives_a_name_twice_is_refused_that_when_it_is_sent_again_too) {
  script s;
  somebody_has_it(s);
  const auto taken = close_statement(s.name(0)) + parse(s.name(0), "") + parse(s.name(0), "select 2");
  s.client(parse("p", text) + bind_statement("", "p") + parse("p", "select 2") + sync());
  s.expect_server(bind_statement("", s.name(1)) + taken + sync());
  s.expect_client(parse_complete()).server(refused("42883")).expect_client("");
  s.expect_server(parse(s.name(2), text) + bind_statement("", s.name(2)) + taken + sync());
  s.server(parse_complete() + bind_complete() + close_complete() + parse_complete() + refused("42P05"));
  s.expect_client(bind_complete() + refused("42P05")).expect_quiet();
}

TEST(outdated, unit_is_sent_again_only_once) {
  script s;
  somebody_has_it(s);
  s.client(whole("p")).server(refused("22P02")).expect_client(parse_complete());
  s.server(parse_complete() + refused("22P02")).expect_client(refused("22P02")).expect_quiet();
}

TEST(outdated, statement_that_an_earlier_unit_prepared_is_replaced_for_the_next_client) {
  script s;
  somebody_has_it(s);
  s.client(parse("p", text) + sync()).server(ready()).expect_client(parse_complete() + ready());
  s.client(run("p")).server(refused("42883")).expect_client(refused("42883")).expect_quiet();
  s.expect_server(sync() + run(s.name(1))).change_client();
  s.client(whole("p")).expect_server(parse(s.name(2), text) + run(s.name(2)));
}

TEST(outdated, statement_inside_a_transaction_is_replaced_for_the_next_client) {
  script s;
  somebody_has_it(s);
  s.client(query("begin")).server(complete("BEGIN") + ready('T')).client(whole("p"));
  s.expect_server(query("begin") + run(s.name(1))).server(refused("42883", 'E'));
  s.expect_client(complete("BEGIN") + ready('T') + parse_complete() + refused("42883", 'E'));
  s.client(query("rollback")).server(complete("ROLLBACK") + ready()).expect_server(query("rollback"));
  s.change_client().client(whole("p")).expect_server(parse(s.name(2), text) + run(s.name(2)));
}

TEST(outdated, statement_is_not_what_fails_while_it_is_executed) {
  script s;
  somebody_has_it(s);
  const auto divided = bind_complete() + refused("22012");
  s.client(whole("p")).server(divided).expect_client(parse_complete() + divided).expect_quiet();
  s.expect_server(run(s.name(1))).change_client().client(whole("p")).expect_server(run(s.name(1)));
}

TEST(outdated, statement_parsed_since_its_client_asked_for_it_is_not_suspected) {
  script s;
  s.client(parse("p", text) + sync()).server(parse_complete() + ready()).client(run("p"));
  s.server(refused("22P02")).expect_client(parse_complete() + ready() + refused("22P02"));
  EXPECT_FALSE(s.client_state().statements.find("p")->made->retired);
}

TEST(outdated, clients_that_go_on_making_mistakes_have_little_prepared_again) {
  script s;
  somebody_has_it(s);
  int statements = 1;
  for (int i = 0; i < 320; ++i) {
    s.change_client().client(parse("p", text) + sync());
    const bool is_fresh = s.backend_state().expected.size() == 2;
    if (is_fresh) ++statements;
    s.server((is_fresh ? parse_complete() : std::string{}) + ready());
    s.client(run("p")).server(refused("22P02")).expect_quiet();
  }
  EXPECT_GT(statements, 15) << "they are never taken for the clients' own for good";
  EXPECT_LT(statements, 30);
}

std::string ddl(const std::string& tag, char transaction = 'I') { return complete(tag) + ready(transaction); }

// Nothing fails here: the server would go on with the types that it found when it parsed (asyncpg: "cache
// lookup failed for type" after DROP EXTENSION and CREATE EXTENSION).
TEST(outdated, statement_is_not_given_to_who_prepares_after_a_change_of_the_schema) {
  for (const auto* tag : {"DROP EXTENSION", "ALTER TABLE", "CREATE FUNCTION", "CREATE TABLE", "DO"}) {
    script s;
    somebody_has_it(s);
    s.client(query("a change")).server(ddl(tag)).expect_client(ddl(tag)).expect_server(query("a change"));
    s.backend_state().dirty = false;
    s.change_client().client(parse("p", text) + sync()).expect_server(parse(s.name(2), text) + sync());
    s.server(parse_complete() + ready()).expect_client(parse_complete() + ready());
    s.change_client().client(whole("q")).expect_server(run(s.name(2)));
  }
}

TEST(outdated, statement_stays_shared_whatever_else_is_run) {
  for (const auto* tag : {"SELECT 1", "INSERT 0 1", "DROP TABLE", "DISCARD SEQUENCES", "DECLARE CURSOR"}) {
    script s;
    somebody_has_it(s);
    s.client(query("something")).server(ddl(tag)).expect_server(query("something")).expect_client(ddl(tag));
    s.backend_state().dirty = false;
    s.change_client().client(whole("p")).expect_server(run(s.name(1)));
  }
}

// A table may hide another of its name, further down in the search_path. These two are tagged as a SELECT.
TEST(outdated, statement_is_not_given_to_who_prepares_after_a_table_was_made_by_a_query) {
  for (const auto* text_of_it : {"create table t as select 1", "select 1 as a into t"}) {
    script s;
    somebody_has_it(s);
    s.client(query(text_of_it)).server(ddl("SELECT 1")).expect_client(ddl("SELECT 1"));
    s.expect_server(query(text_of_it)).backend_state().dirty = false;
    s.change_client().client(whole("p")).expect_server(parse(s.name(2), text) + run(s.name(2)));
  }
}

TEST(outdated, statement_is_stale_for_who_has_made_a_temporary_table_and_for_nobody_else) {
  for (const auto& [text_of_it, tag] :
       {std::pair{"create temp table t (a int) on commit drop", "CREATE TABLE"},
        std::pair{"create temporary table t as select 1", "SELECT 1"},
        std::pair{"select 1 as a into temp t", "SELECT 1"}}) {
    script s;
    somebody_has_it(s);
    s.client(query(text_of_it)).server(ddl(tag)).expect_client(ddl(tag)).expect_server(query(text_of_it));
    s.backend_state().dirty = false;
    s.client(whole("p")).expect_server(parse(s.name(2), text) + run(s.name(2)));
    s.server(parse_complete() + ran_it).expect_client(parse_complete() + ran_it);
    s.change_client().client(whole("q")).expect_server(run(s.name(2)));
  }
}

TEST(outdated, statement_is_stale_from_the_change_on_and_again_once_it_is_committed) {
  script s;
  somebody_has_it(s);
  s.client(query("begin"))
      .server(ddl("BEGIN", 'T'))
      .client(query("drop type b"))
      .server(ddl("DROP TYPE", 'T'));
  s.expect_client(ddl("BEGIN", 'T') + ddl("DROP TYPE", 'T'))
      .expect_server(query("begin") + query("drop type b"));
  s.client(parse("in it", text) + sync()).expect_server(parse(s.name(2), text) + sync());
  s.server(parse_complete() + ready('T')).client(query("commit")).server(ddl("COMMIT"));
  s.expect_client(parse_complete() + ready('T') + ddl("COMMIT"))
      .expect_server(query("commit"))
      .change_client();
  s.client(parse("p", text) + sync()).expect_server(parse(s.name(3), text) + sync());
}

TEST(outdated, unnamed_statement_is_prepared_afresh_for_all_after_a_change_of_the_schema) {
  script s;
  const auto unnamed = parse("", text) + bind_statement("", "") + execute() + sync();
  s.shares_unnamed({text}).client(unnamed).expect_server(parse(s.name(1), text) + run(s.name(1)));
  s.server(parse_complete() + ran_it).expect_client(parse_complete() + ran_it);
  s.client(query("a change")).server(ddl("ALTER TABLE")).expect_client(ddl("ALTER TABLE"));
  s.expect_server(query("a change")).client(unnamed).expect_server(parse(s.name(2), text) + run(s.name(2)));
}

}  // namespace
}  // namespace pgweir::test
