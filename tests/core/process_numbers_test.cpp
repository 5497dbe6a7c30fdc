#include "proxy/core/process_numbers.hpp"

#include "tests/core/script.hpp"

#include <gtest/gtest.h>

#include <map>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

constexpr auto kill_known = "select pg_terminate_backend(8388610)";
constexpr auto kill_by_parameter = "select pg_terminate_backend($1)";
const std::string no_text("\0\0\0", 3);

// Knows one client, when it has been told; and that there is no other.
class one_client final : public core::process_numbers {
 public:
  std::optional<std::int32_t> server_process_of(std::int32_t number, wire::process_signal) override {
    if (number != 8388610) return 0;
    return answer;
  }
  std::optional<std::int32_t> answer = 42;
};

class process_numbers : public testing::Test {
 protected:
  process_numbers() { s.knows_processes(known); }

  // What goes to the server for a Bind to `text` instead.
  static std::string spare(const std::string& text) {
    return close_statement(script::name(0)) + parse(script::name(0), text);
  }
  static std::string spare_done() { return close_complete() + parse_complete(); }

  one_client known;
  script s;
};

TEST_F(process_numbers, of_a_query_become_the_servers) {
  s.client(query(kill_known)).expect_server(query("select pg_terminate_backend(42)"));
  s.client(query("select pg_cancel_backend('8388610'::int), 8388610"))
      .expect_server(query("select pg_cancel_backend('42'::int), 8388610"));
}

TEST_F(process_numbers, that_nobody_has_and_those_of_servers_stay) {
  for (const auto* text : {"select pg_terminate_backend(8388611)", "select pg_terminate_backend(42)",
                           "select 8388610", "select other(8388610)"})
    s.client(query(text)).expect_server(query(text));
}

TEST_F(process_numbers, are_waited_for) {
  known.answer.reset();
  s.client(query(kill_known)).expect_server("");
  known.answer = 42;
  s.knows_processes(known).expect_server(query("select pg_terminate_backend(42)"));
}

TEST_F(process_numbers, bound_as_a_parameter_become_the_servers_and_the_statement_stays) {
  s.client(parse("p", kill_by_parameter) + bind_statement("", "p", "8388610") + execute() + sync())
      .expect_server(parse(s.name(1), kill_by_parameter) + spare(kill_by_parameter) +
                     bind_statement("", s.name(0), "42") + execute() + sync())
      .server(parse_complete() + spare_done() + bind_complete() + data_row("t") + complete("SELECT 1") +
              ready())
      .expect_client(parse_complete() + bind_complete() + data_row("t") + complete("SELECT 1") + ready());
  s.client(bind_statement("", "p", "43") + execute() + sync())
      .expect_server(bind_statement("", s.name(1), "43") + execute() + sync());
}

TEST_F(process_numbers, in_a_named_text_change_for_one_execution_only) {
  s.client(parse("p", kill_known) + sync()).expect_server(parse(s.name(1), kill_known) + sync());
  s.server(parse_complete() + ready()).expect_client(parse_complete() + ready());
  s.client(bind_statement("", "p") + execute() + sync())
      .expect_server(spare("select pg_terminate_backend(42)") + bind_statement("", s.name(0)) + execute() +
                     sync());
  s.server(spare_done() + bind_complete() + complete("SELECT 1") + ready())
      .expect_client(bind_complete() + complete("SELECT 1") + ready());
  known.answer = 0;
  s.client(bind_statement("", "p") + execute() + sync())
      .expect_server(bind_statement("", s.name(1)) + execute() + sync());
}

TEST_F(process_numbers, in_an_unnamed_text_change_for_one_execution_only) {
  s.client(parse("", kill_known) + bind_statement("", "") + execute() + sync())
      .expect_server(parse("", kill_known) + spare("select pg_terminate_backend(42)") +
                     bind_statement("", s.name(0)) + execute() + sync());
  s.server(parse_complete() + spare_done() + bind_complete() + complete("SELECT 1") + ready())
      .expect_client(parse_complete() + bind_complete() + complete("SELECT 1") + ready());
  known.answer = 0;
  s.client(bind_statement("", "") + execute() + sync())
      .expect_server(bind_statement("", "") + execute() + sync());
}

TEST_F(process_numbers, are_waited_for_in_the_midst_of_a_unit) {
  known.answer.reset();
  s.client(parse("", kill_by_parameter) + bind_statement("", "", "8388610") + execute() + sync())
      .expect_server(parse("", kill_by_parameter));
  known.answer = 42;
  s.knows_processes(known).expect_server(spare(kill_by_parameter) + bind_statement("", s.name(0), "42") +
                                         execute() + sync());
}

TEST(process_numbers_split, make_no_difference) {
  same_for_every_split([](script& s) {
    one_client known;
    s.knows_processes(known);
    s.client(parse("", kill_by_parameter) + bind_statement("", "", "8388610") + execute() + sync())
        .expect_server(parse("", kill_by_parameter) + close_statement(script::name(0)) +
                       parse(script::name(0), kill_by_parameter) + bind_statement("", script::name(0), "42") +
                       execute() + sync());
  });
}

TEST(telling_of_processes, is_counted_where_a_query_asks_for_it) {
  script s;
  s.client(query("select pid from pg_stat_activity"));
  EXPECT_EQ(s.backend_state().counts.processes_told, 0u);
  s.client(query("select pg_backend_pid()"));
  EXPECT_EQ(s.backend_state().counts.processes_told, 1u);
}

TEST(telling_of_processes, is_counted_where_a_statement_that_asks_for_it_is_bound) {
  script s;
  s.client(parse("p", "select pg_backend_pid()"));
  EXPECT_EQ(s.backend_state().counts.processes_told, 0u);
  s.client(bind_statement("", "p") + execute() + sync());
  EXPECT_EQ(s.backend_state().counts.processes_told, 1u);
}

}  // namespace
}  // namespace pgweir::test
