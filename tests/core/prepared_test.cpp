// Named statements: one name on all servers for one text, the client's names for the client.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

const auto one_row = data_row("1") + complete("SELECT 1");

TEST(prepared, statement_gets_the_catalogues_name) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "select 1") + bind_statement("", "p") + execute() + sync());
    s.expect_server(parse(s.name(1), "select 1") + bind_statement("", s.name(1)) + execute() + sync());
    s.server(parse_complete() + bind_complete() + one_row + ready());
    s.expect_client(parse_complete() + bind_complete() + one_row + ready()).expect_quiet();
  });
}

TEST(prepared, second_client_is_answered_without_a_parse) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse(s.name(1), "select 1") + sync()).expect_client(parse_complete() + ready());
    s.change_client().client(parse("mine", "select 1") + bind_statement("", "mine") + sync());
    s.expect_server(bind_statement("", s.name(1)) + sync()).expect_client(parse_complete());
    s.server(bind_complete() + ready()).expect_client(bind_complete() + ready()).expect_quiet();
  });
}

TEST(prepared, answer_given_in_the_servers_place_keeps_its_turn) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.client(close_statement("p") + sync()).server(close_complete() + ready());
    s.client(parse("q", "select 2") + sync()).server(parse_complete() + ready());
    s.expect_client(parse_complete() + ready() + close_complete() + ready() + parse_complete() + ready());
    s.client(describe_statement("q") + parse("r", "select 2") + sync());
    s.server(parameter_description() + row_description() + ready());
    s.expect_client(parameter_description() + row_description() + parse_complete() + ready()).expect_quiet();
  });
}

TEST(prepared, answer_given_in_the_servers_place_waits_for_the_end_of_a_notice) {
  script s;
  s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_client(parse_complete() + ready());
  const auto said = notice("shutting down soon");
  s.server(said.substr(0, 9)).client(parse("q", "select 1")).server(said.substr(9));
  s.expect_client(said + parse_complete());
}

TEST(prepared, statement_is_injected_where_the_backend_lacks_it) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse(s.name(1), "select 1") + sync()).expect_client(parse_complete() + ready());
    s.change_backend().client(bind_statement("", "p") + execute() + sync());
    s.expect_server(parse(s.name(1), "select 1") + bind_statement("", s.name(1)) + execute() + sync());
    s.server(parse_complete() + bind_complete() + one_row + ready());
    s.expect_client(bind_complete() + one_row + ready()).expect_quiet();
  });
}

TEST(prepared, statement_whose_parse_failed_is_not_remembered) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "selct") + bind_statement("", "p") + sync());
    s.server(error("42601", "syntax error") + ready())
        .expect_client(error("42601", "syntax error") + ready());
    s.expect_server(parse(s.name(1), "selct") + bind_statement("", s.name(1)) + sync());
    s.client(bind_statement("", "p") + sync()).expect_server(bind_statement("", "p") + sync());
    EXPECT_EQ(s.backend_state().prepared.size(), 0u);
  });
}

TEST(prepared, same_text_with_other_types_is_another_statement) {
  script s;
  s.client(parse("a", "select $1", {23}) + parse("b", "select $1", {25}) + sync());
  s.expect_server(parse(s.name(1), "select $1", {23}) + parse(s.name(2), "select $1", {25}) + sync());
}

TEST(prepared, error_speaks_of_the_clients_name) {
  same_for_every_split([](script& s) {
    s.client(parse("mine", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_client(parse_complete() + ready());
    s.client(bind_statement("", "mine") + sync());
    s.server(error("26000", "prepared statement \"" + s.name(1) + "\" does not exist") + ready());
    s.expect_client(error("26000", "prepared statement \"mine\" does not exist") + ready());
  });
}

TEST(prepared, name_in_use_is_refused_by_the_server) {
  script s;
  s.client(parse("mine", "select 1") + sync()).server(parse_complete() + ready());
  s.expect_server(parse(s.name(1), "select 1") + sync()).expect_client(parse_complete() + ready());
  s.client(parse("mine", "select 2") + sync());
  s.expect_server(close_statement(s.name(0)) + parse(s.name(0), "") + parse(s.name(0), "select 2") + sync());
  s.server(close_complete() + parse_complete() +
           error("42P05", "prepared statement \"" + s.name(0) + "\" already exists") + ready());
  s.expect_client(error("42P05", "prepared statement \"mine\" already exists") + ready()).expect_quiet();
}

TEST(prepared, least_recently_used_statements_are_closed_on_the_server) {
  script s{2};
  for (int i = 1; i <= 5; ++i) s.client(parse(std::to_string(i), "select " + std::to_string(i)));
  s.client(sync());
  std::string sent;
  for (int i = 1; i <= 5; ++i) {
    if (i > 2) sent += close_statement(s.name(i - 2));
    sent += parse(s.name(i), "select " + std::to_string(i));
  }
  s.expect_server(sent + sync());
  std::string answers;
  for (int i = 1; i <= 5; ++i) answers += (i > 2 ? close_complete() : "") + parse_complete();
  s.server(answers + ready());
  std::string seen;
  for (int i = 1; i <= 5; ++i) seen += parse_complete();
  s.expect_client(seen + ready()).expect_quiet();
  EXPECT_EQ(s.backend_state().prepared.size(), 2u);
}

TEST(prepared, unit_waits_for_the_one_that_prepares_what_it_needs) {
  script s;
  s.client(bind_statement("", "nope") + parse("p", "select 1") + sync() + bind_statement("", "p") + sync());
  s.expect_server(bind_statement("", "nope") + parse(s.name(1), "select 1") + sync());
  s.server(error("26000", "no") + ready()).expect_server(bind_statement("", "p") + sync());
}

TEST(prepared, close_of_a_portal_leaves_the_statement_of_that_name) {
  script s;
  s.client(parse("x", "select 1") + close_portal("x") + bind_statement("", "x") + sync());
  s.expect_server(parse(s.name(1), "select 1") + close_portal("x") + bind_statement("", s.name(1)) + sync());
}

TEST(prepared, close_of_an_unknown_statement_is_the_servers_to_answer) {
  script s;
  s.client(close_statement("nope") + sync()).expect_server(close_statement("nope") + sync());
  s.server(close_complete() + ready()).expect_client(close_complete() + ready()).expect_quiet();
}

TEST(prepared, deallocate_drops_the_clients_name_alone) {
  same_for_every_split([](script& s) {
    s.client(parse("p", "select 1") + sync()).server(parse_complete() + ready());
    s.expect_server(parse(s.name(1), "select 1") + sync()).expect_client(parse_complete() + ready());
    s.client(query("DEALLOCATE p"));
    s.expect_server(close_statement(s.name(0)) + parse(s.name(0), "") + query("DEALLOCATE " + s.name(0)));
    s.server(close_complete() + parse_complete() + complete("DEALLOCATE") + ready());
    s.expect_client(complete("DEALLOCATE") + ready()).expect_quiet();
    EXPECT_EQ(s.client_state().statements.find("p"), nullptr);
    EXPECT_EQ(s.backend_state().prepared.size(), 1u);
  });
}

TEST(prepared, statements_prepared_behind_a_pipelined_deallocate_all_stay) {
  for (const std::string tag : {"DEALLOCATE ALL", "DISCARD ALL"}) {
    script s;
    s.client(parse("old", "select 0") + sync()).server(parse_complete() + ready());
    s.client(query(tag) + parse("new", "select 1") + sync());
    s.server(complete(tag) + ready() + parse_complete() + ready());
    EXPECT_EQ(s.client_state().statements.find("old"), nullptr);
    EXPECT_NE(s.client_state().statements.find("new"), nullptr);
    EXPECT_EQ(s.backend_state().prepared.size(), 1u);
    s.expect_quiet();
  }
}

TEST(prepared, statement_too_large_to_keep_holds_the_backend) {
  const std::string text = "select '" + std::string(core::whole_message_limit, 'x') + "'";
  for (const std::size_t piece : {0u, 1000u, 4096u}) {
    script s;
    s.in_pieces_of(piece).client(parse("p", text) + bind_statement("", "p") + sync());
    s.expect_server(parse(s.name(1), text) + bind_statement("", s.name(1)) + sync());
    s.server(parse_complete() + bind_complete() + ready()).expect_quiet();
    EXPECT_TRUE(s.client_state().needs_same_backend());
    s.client(close_statement("p") + sync()).expect_server(close_statement(s.name(1)) + sync());
    s.server(close_complete() + ready());
    EXPECT_FALSE(s.client_state().needs_same_backend());
  }
}

TEST(prepared, text_that_means_the_moment_of_parsing_is_parsed_for_each_client_and_holds_the_backend) {
  const std::string text = "select 'now'::timestamptz";
  same_for_every_split([&](script& s) {
    s.client(parse("p", text) + sync()).expect_server(parse(s.name(2), text) + sync());
    s.server(parse_complete() + ready()).expect_client(parse_complete() + ready()).expect_quiet();
    EXPECT_TRUE(s.client_state().needs_same_backend());
    s.client(bind_statement("", "p") + sync()).expect_server(bind_statement("", s.name(2)) + sync());
    s.server(bind_complete() + ready()).client(close_statement("p") + sync());
    s.expect_server(close_statement(s.name(2)) + sync()).server(close_complete() + ready());
    EXPECT_FALSE(s.client_state().needs_same_backend());

    s.change_client().client(parse("p", text) + sync()).expect_server(parse(s.name(3), text) + sync());
  });
}

TEST(prepared, bind_larger_than_any_buffer_streams_through) {
  const std::string value(3 * core::whole_message_limit, 'v');
  script s;
  s.in_pieces_of(1000).client(parse("p", "select $1") + bind_statement("portal", "p", value) + sync());
  s.expect_server(parse(s.name(1), "select $1") + bind_statement("portal", s.name(1), value) + sync());
}

}  // namespace
}  // namespace pgweir::test
