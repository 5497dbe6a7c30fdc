// A Parse without a name whose text comes often: prepared once under a name that all clients share.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

const auto one_row = data_row("1") + complete("SELECT 1");
const auto run_it = bind_statement("", "") + execute() + sync();
const auto ran_it = bind_complete() + one_row + ready();
const auto whole = parse("", "select 1") + run_it;

std::string run_shared(int n = 1) { return bind_statement("", script::name(n)) + execute() + sync(); }

// The client's messages come at once, as the session gathers a unit; the server's in pieces.
void for_every_split_of_the_server(const std::function<void(script&)>& steps) {
  for (std::size_t piece = 0; piece <= 40; ++piece) {
    SCOPED_TRACE("pieces of " + std::to_string(piece) + " bytes");
    script one;
    one.shares_unnamed({"select 1", "select 2"});
    one.server_in_pieces_of(piece);
    steps(one);
    if (::testing::Test::HasFailure()) return;
  }
}

void has_it(script& s) {
  s.client(whole).expect_server(parse(s.name(1), "select 1") + run_shared());
  s.server(parse_complete() + ran_it).expect_client(parse_complete() + ran_it).expect_quiet();
}

TEST(unnamed_shared, is_prepared_under_its_own_name_until_it_has_come_five_times) {
  script s;
  s.shares_unnamed();
  for (int i = 0; i < 4; ++i) {
    s.client(whole).expect_server(whole).server(parse_complete() + ran_it);
    s.expect_client(parse_complete() + ran_it);
  }
  s.client(whole).expect_server(parse(s.name(1), "select 1") + run_shared());
  s.server(parse_complete() + ran_it).expect_client(parse_complete() + ran_it).expect_quiet();
}

TEST(unnamed_shared, is_prepared_once_and_then_answered_by_pgweir) {
  for_every_split_of_the_server([](script& s) {
    has_it(s);
    for (int i = 0; i < 3; ++i) {
      s.client(whole).expect_server(run_shared()).expect_client(parse_complete());
      s.server(ran_it).expect_client(ran_it).expect_quiet();
    }
    s.change_client().client(whole).expect_server(run_shared()).server(ran_it);
    s.expect_client(parse_complete() + ran_it);
  });
}

TEST(unnamed_shared, the_answer_to_its_parse_comes_in_its_turn) {
  for_every_split_of_the_server([](script& s) {
    has_it(s);
    s.client(close_portal("") + whole).expect_client("").server(close_complete());
    s.expect_client(close_complete() + parse_complete());
    s.server(ran_it).expect_client(ran_it).expect_quiet();
  });
}

TEST(unnamed_shared, the_answer_to_its_parse_does_not_split_a_message_of_the_server) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  const auto said = notice("something else");
  s.in_pieces_of(0).server(said.substr(0, said.size() - 3)).client(whole);
  s.server(said.substr(said.size() - 3) + ran_it);
  s.expect_client(said + parse_complete() + ran_it).expect_quiet();
}

TEST(unnamed_shared, a_client_that_asks_for_its_parameters_gets_those_of_its_own_statement) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  const auto described = parameter_description() + row_description() + ready();
  const auto unit = parse("", "select 1") + describe_statement("") + sync();
  s.client(unit).expect_server(unit).server(parse_complete() + described);
  s.expect_client(parse_complete() + described);
  s.client(run_it).expect_server(run_it).server(ran_it).expect_client(ran_it);
}

TEST(unnamed_shared, a_later_unit_gets_the_clients_own_on_whatever_backend) {
  for (const bool another : {false, true}) {
    script s;
    s.shares_unnamed({"select 1"});
    has_it(s);
    if (another) s.change_backend();
    s.client(run_it).expect_server(parse("", "select 1") + run_it);
    s.server(parse_complete() + ran_it).expect_client(ran_it).expect_quiet();
    s.client(run_it).expect_server(run_it).server(ran_it).expect_client(ran_it);
  }
}

TEST(unnamed_shared, a_later_unit_inside_a_transaction_gets_the_clients_own) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  s.client(query("begin; savepoint a")).server(complete("BEGIN") + complete("SAVEPOINT") + ready('T'));
  s.client(parse("", "select 1") + run_it).server(parse_complete() + bind_complete() + one_row + ready('T'));
  s.expect_server(query("begin; savepoint a") + whole);
}

const auto no_unnamed = error("26000", "unnamed prepared statement does not exist") + ready();

TEST(unnamed_shared, a_simple_query_or_a_close_drops_it_for_the_client) {
  for (const auto& [drop, answer] : {std::pair{query("select 2"), row_description() + one_row + ready()},
                                     std::pair{close_statement("") + sync(), close_complete() + ready()}}) {
    script s;
    s.shares_unnamed({"select 1"});
    has_it(s);
    s.client(drop).expect_server(drop).server(answer).expect_client(answer);
    EXPECT_EQ(s.client_state().unnamed.current(), nullptr);
    s.client(run_it).expect_server(run_it).server(no_unnamed).expect_client(no_unnamed).expect_quiet();
  }
}

TEST(unnamed_shared, another_client_does_not_have_it) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  s.change_client().client(run_it).expect_server(run_it).server(no_unnamed).expect_client(no_unnamed);
}

TEST(unnamed_shared, an_error_in_its_parse_leaves_none) {
  for_every_split_of_the_server([](script& s) {
    const auto refused = error("42703", "column does not exist") + ready();
    s.client(whole).expect_server(parse(s.name(1), "select 1") + run_shared());
    s.server(refused).expect_client(refused).expect_quiet();
    EXPECT_EQ(s.client_state().unnamed.current(), nullptr);
    EXPECT_FALSE(s.backend_state().prepared.use(1));
    s.client(run_it).expect_server(close_statement("") + run_it).server(close_complete() + no_unnamed);
    s.expect_client(no_unnamed);
  });
}

TEST(unnamed_shared, errors_name_it_as_the_client_does) {
  const auto about = [](const std::string& name) {
    return error("08P01",
                 "bind message supplies 1 parameters, but prepared statement \"" + name + "\" requires 0") +
           ready();
  };
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  // First it goes again, then it is the client's.
  s.client(parse("", "select 1") + bind_statement("", "", "x") + sync()).server(about(s.name(1)));
  s.expect_client(parse_complete()).server(parse_complete() + about("")).expect_client(about(""));
  // The same statement has a name, too.
  s.client(parse("p", "select 1") + parse("", "select 1") + sync()).server(ready());
  s.expect_client(parse_complete() + parse_complete() + ready());
  s.client(bind_statement("", "p", "x") + sync()).server(about(s.name(1))).expect_client(about("p"));
}

TEST(unnamed_shared, a_unit_refused_because_types_have_changed_goes_again_once_as_the_client_sent_it) {
  for (const auto* sqlstate : {"42883", "22P02", "0A000"}) {
    for_every_split_of_the_server([&](script& s) {
      const auto refused = error(sqlstate, "types") + ready();
      has_it(s);
      s.client(whole).expect_server(run_shared()).expect_client(parse_complete());
      s.server(refused).expect_client("").expect_server(whole);
      s.server(parse_complete() + ran_it).expect_client(ran_it).expect_quiet();
      s.client(whole).expect_server(parse(s.name(2), "select 1") + run_shared(2));
      s.server(parse_complete() + refused).server(parse_complete() + refused);
      s.expect_client(parse_complete() + refused).expect_quiet();
    });
  }
}

TEST(unnamed_shared, inside_a_transaction_the_clients_own_parse_goes_through) {
  script s;
  s.shares_unnamed({"select 1"});
  s.client(query("begin")).server(complete("BEGIN") + ready('T'));
  s.expect_server(query("begin")).client(whole).expect_server(whole);
}

TEST(unnamed_shared, a_unit_that_could_not_go_again_is_sent_as_it_is) {
  const auto large = bind_statement("", "", std::string(20000, 'x'));
  for (const auto& unit : {parse("", "select 1") + describe_statement("") + flush(),    // not at its end
                           parse("", "select 1") + bind_statement("", "") + execute(),  // the same
                           parse("", "select 1") + large + execute() + sync(),          // too large
                           whole + whole,                                               // pipelined
                           parse("", "select 1") + query("select 3")}) {
    script s;
    s.shares_unnamed({"select 1"}).client(unit).expect_server(unit);
  }
}

TEST(unnamed_shared, the_next_unit_waits_until_it_is_sure_that_this_one_does_not_go_again) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  s.client(whole).client(query("select 2")).expect_server(run_shared());
  s.server(bind_complete() + one_row).expect_server(query("select 2"));
}

TEST(unnamed_shared, commands_are_never_shared) {
  for (const auto* text : {"begin", "deallocate all", "deallocate x", "set a = 1", "listen x"}) {
    script s;
    const auto unit = parse("", text) + run_it;
    s.shares_unnamed({text, text, text}).client(unit).expect_server(unit);
  }
}

TEST(unnamed_shared, what_means_the_moment_of_parsing_is_never_shared) {
  const auto* text = "select 'today'::date";
  script s;
  const auto unit = parse("", text) + run_it;
  s.shares_unnamed({text, text, text}).client(unit).expect_server(unit);
}

TEST(unnamed_shared, an_evicted_one_is_prepared_again) {
  script s{1};
  s.shares_unnamed({"select 1", "select 2"});
  has_it(s);
  s.client(parse("", "select 2") + run_it);
  s.expect_server(close_statement(s.name(1)) + parse(s.name(2), "select 2") + run_shared(2));
  s.server(close_complete() + parse_complete() + ran_it).expect_client(parse_complete() + ran_it);
  s.client(whole).expect_server(close_statement(s.name(2)) + parse(s.name(1), "select 1") + run_shared());
}

TEST(unnamed_shared, a_unit_that_closes_what_it_prepared_finds_none) {
  script s;
  s.shares_unnamed({"select 1"});
  has_it(s);
  s.client(parse("", "select 1") + bind_statement("", "") + close_statement("") + run_it);
  s.expect_server(bind_statement("", s.name(1)) + close_statement("") + run_it);
  s.server(bind_complete() + close_complete() + no_unnamed);
  s.expect_client(parse_complete() + bind_complete() + close_complete() + no_unnamed).expect_quiet();
}

}  // namespace
}  // namespace pgweir::test
