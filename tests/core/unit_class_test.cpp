// Which units may share a backend with units of other clients, and why the others may not.
#include "proxy/core/unit_class.hpp"

#include "tests/core/messages.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace pgweir::core {
void PrintTo(lease_need need, std::ostream* out) { *out << "lease_need " << static_cast<int>(need); }
}  // namespace pgweir::core

namespace pgweir::test {
namespace {

using namespace from_client;
using enum core::lease_need;

class unit_class : public ::testing::Test {
 protected:
  core::unit_class look_at(const std::string& bytes) {
    return core::classify_unit(client_, wire::as_bytes(bytes), texts_, catalogue_.forcing());
  }
  core::lease_need need_of(const std::string& bytes) { return look_at(bytes).need; }
  static wire::bytes_view text_of(const std::string& parse_message) {
    return wire::as_bytes(std::string_view(parse_message).substr(6));  // behind header and empty name
  }
  void name(const std::string& name, const std::string& text) {
    client_.statements.define(name, catalogue_.intern(text_of(parse("", text))));
  }
  void has_unnamed(const std::string& text) { client_.unnamed.set(text_of(parse("", text)), {}, spare_); }

  core::statement_catalogue catalogue_{1 << 20, "secret"};
  core::statement_finder texts_{catalogue_};
  core::client_state client_;
  std::string spare_;
};

std::string run(const std::string& statement) { return bind_statement("", statement) + execute() + sync(); }

TEST_F(unit_class, a_single_read_may_share_in_every_form) {
  name("p", "select 1");
  for (const auto& unit :
       {query("select 1"), parse("", "select 1") + run(""), parse("q", "select 1") + run("q"), run("p"),
        bind_statement("", "p") + describe_portal("") + execute() + close_portal("") + sync(),
        parse("", "select 1") + describe_statement("") + sync(), sync(), query("values (1)")})
    EXPECT_EQ(need_of(unit), none) << readable(unit);
}

TEST_F(unit_class, a_named_statement_that_means_the_moment_of_parsing_needs_a_backend_to_stay_on) {
  EXPECT_EQ(need_of(parse("q", "select date 'today'") + run("q")), session_function);
  EXPECT_EQ(need_of(parse("", "select date 'today'") + run("")), none);
}

TEST_F(unit_class, what_could_be_kept_only_beyond_the_memory_bound_needs_a_lease) {
  EXPECT_TRUE(catalogue_.lend(1 << 20));
  EXPECT_FALSE(catalogue_.lend(1));
  EXPECT_EQ(need_of(parse("q", "select 1") + run("q")), incomplete);
  EXPECT_EQ(need_of(parse("", "select 1 /*" + std::string(5000, 'x') + "*/") + run("")), incomplete);
  EXPECT_EQ(need_of(parse("", "select 1") + run("")), none);
  EXPECT_EQ(need_of(query("select 1")), none);
  catalogue_.give_back(1 << 20);
  EXPECT_TRUE(catalogue_.intern(text_of(parse("", "select 1"))));
  EXPECT_EQ(need_of(parse("q", "select 1") + run("q")), none);
}

TEST_F(unit_class, each_kind_of_text_that_may_not_share_says_why) {
  const struct {
    const char* text;
    core::lease_need why;
  } cases[] = {{"select 1; select 2", several_statements},
               {"begin", command},
               {"set a = 1", command},
               {"deallocate p", command},
               {"select 1 for update", locks_rows},
               {"select set_config('a', 'b', false)", session_function},
               {"select 1 into pg_temp.t", temporary},
               {"select * from pg_temp.t", temporary},
               {"select 'unterminated", not_understood},
               {"insert into t values (1)", writes},
               {"select a_function_of_mine()", writes}};
  for (const auto& one : cases) {
    EXPECT_EQ(need_of(query(one.text)), one.why) << one.text;
    EXPECT_EQ(need_of(parse("", one.text) + run("")), one.why) << one.text;
    name(one.text, one.text);
    EXPECT_EQ(need_of(run(one.text)), one.why) << one.text;
  }
}

TEST_F(unit_class, a_unit_followed_by_another_is_pipelined) {
  EXPECT_EQ(need_of(query("select 1") + query("select 2")), pipelined);
  EXPECT_EQ(need_of(parse("", "select 1") + run("") + sync()), pipelined);
  EXPECT_EQ(need_of(query("select 1") + query("select 2").substr(0, 1)), pipelined);
}

TEST_F(unit_class, a_goodbye_behind_a_unit_does_not_matter) {
  EXPECT_EQ(need_of(query("select 1") + terminate()), none);
  EXPECT_EQ(need_of(parse("", "select 1") + run("") + terminate()), none);
}

TEST_F(unit_class, a_unit_of_which_any_byte_is_missing_is_incomplete) {
  for (const auto& unit : {query("select 1"), parse("", "select 1") + run("")})
    for (std::size_t size = 0; size < unit.size(); ++size)
      EXPECT_EQ(need_of(unit.substr(0, size)), incomplete) << size;
}

TEST_F(unit_class, a_unit_too_large_to_be_kept_is_incomplete) {
  EXPECT_EQ(need_of(query("select '" + std::string(16 * 1024, 'x') + "'")), incomplete);
}

TEST_F(unit_class, a_flush_asks_for_a_part_of_the_answer) {
  EXPECT_EQ(need_of(parse("", "select 1") + flush() + run("")), incomplete);
}

TEST_F(unit_class, a_query_in_a_batch_is_not_looked_at) {
  EXPECT_EQ(need_of(parse("", "select 1") + query("select 1")), incomplete);
}

TEST_F(unit_class, a_function_call_is_a_command) { EXPECT_EQ(need_of(function_call()), command); }

TEST_F(unit_class, a_portal_with_a_row_limit_would_stay_open) {
  EXPECT_EQ(need_of(parse("", "select 1") + bind_statement("", "") + execute("", 5) + sync()), command);
}

TEST_F(unit_class, a_close_of_a_name_could_not_be_taken_back) {
  name("p", "select 1");
  EXPECT_EQ(need_of(close_statement("p") + sync()), command);
  EXPECT_EQ(need_of(close_statement("") + sync()), none);
  EXPECT_EQ(need_of(close_portal("p") + sync()), none);
}

TEST_F(unit_class, a_bind_to_an_unknown_statement_is_not_understood) {
  EXPECT_EQ(need_of(run("nope")), not_understood);
  EXPECT_EQ(need_of(run("")), not_understood);
}

TEST_F(unit_class, an_unnamed_statement_of_an_earlier_unit_is_judged_by_its_text) {
  has_unnamed("select 1");
  EXPECT_EQ(need_of(run("")), none);
  has_unnamed("begin");
  EXPECT_EQ(need_of(run("")), command);
  client_.unnamed.set_large();
  EXPECT_EQ(need_of(run("")), not_understood);
}

TEST_F(unit_class, a_unit_that_uses_an_earlier_unnamed_statement_and_then_loses_it_cannot_go_again) {
  has_unnamed("select 1");
  const auto used = bind_statement("", "") + execute();
  EXPECT_EQ(need_of(used + close_statement("") + sync()), not_understood);
  EXPECT_EQ(need_of(used + parse("", "select 2") + run("")), not_understood);
  EXPECT_EQ(need_of(describe_statement("") + close_statement("") + sync()), not_understood);
  EXPECT_EQ(need_of(describe_statement("") + parse("", "select 2") + sync()), not_understood);
  EXPECT_EQ(need_of(parse("", "select 2") + used + close_statement("") + sync()), none);
}

TEST_F(unit_class, one_statement_that_may_not_share_is_enough) {
  name("p", "select 1");
  name("w", "delete from t");
  EXPECT_EQ(need_of(bind_statement("", "p") + execute() + run("w")), writes);
  EXPECT_EQ(need_of(parse("", "select 1") + parse("x", "begin") + run("")), command);
}

TEST_F(unit_class, the_fingerprint_is_that_of_the_statement_without_its_literals) {
  const auto one = look_at(query("select a from t where b = 1")).fingerprint;
  EXPECT_NE(one, 0u);
  EXPECT_EQ(look_at(query("select a from t where b = 22")).fingerprint, one);
  EXPECT_NE(look_at(query("select a from t where c = 1")).fingerprint, one);
  const auto parsed = look_at(parse("", "select a from t where b = 1") + run("")).fingerprint;
  EXPECT_NE(parsed, 0u);
  EXPECT_EQ(look_at(parse("", "select a from t where b = 2") + run("")).fingerprint, parsed);
  EXPECT_NE(look_at(parse("", "select a from t where c = 2") + run("")).fingerprint, parsed);
}

TEST_F(unit_class, a_statement_has_one_fingerprint_whether_it_is_prepared_with_the_unit_or_before) {
  name("p", "select a from t");
  EXPECT_EQ(look_at(run("p")).fingerprint, look_at(parse("", "select a from t") + run("")).fingerprint);
}

TEST_F(unit_class, a_unit_that_binds_what_it_executes_may_share_its_sync) {
  EXPECT_TRUE(look_at(parse("", "select 1") + run("")).may_share_sync);
  EXPECT_TRUE(look_at(bind_statement("", "p") + describe_portal("") + execute() + sync()).may_share_sync);
  EXPECT_TRUE(look_at(parse("p", "select 1") + describe_statement("p") + sync()).may_share_sync);
  EXPECT_TRUE(look_at(query("select 1")).may_share_sync);
}

TEST_F(unit_class, a_query_has_the_stand_in_of_all_that_differ_in_literals_only) {
  EXPECT_EQ(look_at(query("select a from t where b = 1")).stand_in, nullptr);
  core::shared_statement made;
  for (int i = 0; i < 5; ++i) made = texts_.note_query("select a from t where b = 2", 0).made;
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(look_at(query("select a from t where b = 1")).stand_in, made);
  EXPECT_EQ(look_at(query("select a from t where c = 1")).stand_in, nullptr);
  EXPECT_EQ(need_of(query("select a from t where b = 1") + query("select 1")), pipelined);
}

TEST_F(unit_class, a_unit_whose_portal_may_be_anothers_may_not_share_its_sync) {
  EXPECT_FALSE(look_at(execute() + sync()).may_share_sync);
  EXPECT_FALSE(look_at(execute() + run("p")).may_share_sync);
  EXPECT_FALSE(look_at(describe_portal("") + run("p")).may_share_sync);
  EXPECT_FALSE(look_at(bind_statement("c", "p") + execute("c") + sync()).may_share_sync);
  EXPECT_FALSE(look_at(bind_statement("", "p") + execute("c") + sync()).may_share_sync);
}

TEST_F(unit_class, the_size_is_that_of_the_first_unit) {
  EXPECT_EQ(look_at(query("select 1")).size, query("select 1").size());
  const auto batch = parse("", "select 1") + run("");
  EXPECT_EQ(look_at(batch).size, batch.size());
  EXPECT_EQ(look_at(batch + terminate()).size, batch.size());
}

TEST_F(unit_class, a_text_that_came_often_is_stood_in_for) {
  const auto unit = parse("", "select 1") + run("");
  EXPECT_EQ(look_at(unit).stand_in, nullptr);
  for (int i = 0; i < 5; ++i) texts_.note(text_of(parse("", "select 1")));
  ASSERT_NE(look_at(unit).stand_in, nullptr);
  EXPECT_EQ(look_at(parse("p", "select 1") + run("p")).stand_in, nullptr);
}

}  // namespace
}  // namespace pgweir::test
