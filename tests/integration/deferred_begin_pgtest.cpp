// Transactions whose BEGIN pgweir answers itself: nobody can tell them from direct ones.
#include "tests/integration/proxied.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace frontend;
using units = std::vector<std::string>;  // each is sent when the one before is answered

struct conversation {
  const char* what;
  units sent;
};

units queries(const std::vector<std::string>& texts) {
  units all;
  for (const auto& text : texts) all.push_back(query(text));
  return all;
}

std::string extended(const std::string& text, const std::string& name = {}) {
  return parse(name, text) + frontend::bind("", name) + describe_portal("") + execute() + sync();
}

const std::string table = "begun (id int PRIMARY KEY)";

const conversation conversations[] = {
    {"an empty one",
     queries({"BEGIN", "COMMIT", "start transaction", "abort", "BEGIN", "END", "BEGIN", "ROLLBACK"})},
    {"writes that stay", queries({"BEGIN", "INSERT INTO begun VALUES (1)", "COMMIT", "TABLE begun"})},
    {"writes that go", queries({"BEGIN", "INSERT INTO begun VALUES (1)", "ROLLBACK", "TABLE begun"})},
    {"an error", queries({"BEGIN", "SELECT 1/0", "SELECT 1", "COMMIT", "SELECT 2"})},
    {"a syntax error", queries({"BEGIN", "SELEC", "SELECT 1", "ROLLBACK"})},
    {"a savepoint first",
     queries({"BEGIN", "SAVEPOINT a", "SELECT 1/0", "ROLLBACK TO a", "SELECT 2", "COMMIT"})},
    {"a savepoint that is not there", queries({"BEGIN", "ROLLBACK TO a", "ROLLBACK"})},
    {"SET LOCAL first",
     queries({"BEGIN", "SET LOCAL work_mem = '77kB'", "SHOW work_mem", "COMMIT", "SHOW work_mem"})},
    {"SET TRANSACTION first", queries({"BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                                       "SHOW transaction_isolation", "COMMIT"})},
    {"BEGIN twice", queries({"BEGIN", "BEGIN", "SELECT 1", "BEGIN READ ONLY", "COMMIT"})},
    {"COMMIT alone", queries({"COMMIT", "ROLLBACK", "BEGIN", "COMMIT", "COMMIT"})},
    {"a chain", queries({"BEGIN ISOLATION LEVEL REPEATABLE READ", "COMMIT AND CHAIN",
                         "SHOW transaction_isolation", "ROLLBACK AND NO CHAIN"})},
    {"nothing but an empty query", queries({"BEGIN", "", "COMMIT"})},
    {"several statements",
     queries({"BEGIN", "SELECT 1; COMMIT; SELECT 2", "BEGIN", "COMMIT; BEGIN", "ROLLBACK"})},
    {"a write in a read only one", queries({"BEGIN READ ONLY", "INSERT INTO begun VALUES (1)", "COMMIT"})},
    {"COPY first",
     {query("BEGIN"), query("COPY begun FROM STDIN") + copy_data("7\n8\n") + copy_done(), query("COMMIT"),
      query("TABLE begun")}},
    {"a COPY that fails",
     {query("BEGIN"), query("COPY begun FROM STDIN") + copy_data("x\n") + copy_done(), query("COMMIT"),
      query("TABLE begun")}},
    {"a COPY by the extended protocol",
     {query("BEGIN"),
      parse("", "COPY begun FROM STDIN") + frontend::bind("", "") + execute() + copy_data("7\n") +
          copy_done() + sync(),
      query("COMMIT"), query("TABLE begun")}},
    {"COPY out first", queries({"BEGIN", "COPY (VALUES (1), (2)) TO STDOUT", "COMMIT"})},
    {"a function call first", {query("BEGIN"), function_call(1394, {"-5"}), query("COMMIT")}},
    {"as psycopg asks",
     {extended("BEGIN"), extended("INSERT INTO begun VALUES (1)"), extended("TABLE begun"),
      extended("COMMIT")}},
    {"as psycopg asks, in vain",
     {extended("BEGIN"), extended("SELECT 1/0"), extended("SELECT 1"), extended("ROLLBACK")}},
    {"prepared statements",
     {parse("b", "BEGIN") + sync(), parse("c", "COMMIT") + sync(), parse("s", "SELECT 1") + sync(),
      frontend::bind("", "b") + execute() + sync(), frontend::bind("", "s") + execute() + sync(),
      frontend::bind("", "c") + execute() + sync(),
      frontend::bind("", "b") + describe_statement("b") + execute() + sync(),
      frontend::bind("", "c") + execute() + sync()}},
    {"a name that is given and kept",
     {extended("BEGIN", "b"), extended("BEGIN", "b"), query("ROLLBACK"),
      frontend::bind("", "b") + execute() + sync(), query("ROLLBACK"), close_statement("b") + sync(),
      frontend::bind("", "b") + execute() + sync()}},
    {"the unnamed statement of a BEGIN stays",
     {extended("BEGIN"), frontend::bind("", "") + execute() + sync(), query("COMMIT")}},
    {"the unnamed statement goes with a Query",
     {parse("", "SELECT 7") + sync(), query("BEGIN"), frontend::bind("", "") + execute() + sync(),
      query("ROLLBACK")}},
    {"the unnamed portal of a BEGIN stays",
     {extended("BEGIN"), describe_portal("") + sync(), execute() + sync(), query("ROLLBACK")}},
    {"the unnamed portal goes with a Query", {query("BEGIN"), execute() + sync(), query("ROLLBACK")}},
    {"a named portal over several units",
     {query("BEGIN"),
      parse("", "SELECT generate_series(1, 3)") + frontend::bind("p", "") + execute("p", 2) + sync(),
      execute("p", 2) + sync(), query("COMMIT")}},
    {"a Sync alone", {query("BEGIN"), sync(), query("COMMIT")}},
    {"a batch and a Query without Sync between",
     {query("BEGIN"), parse("", "SELECT 1") + frontend::bind("", "") + execute() + query("SELECT 2"), sync(),
      query("COMMIT")}},
    {"a Bind that fails",
     {query("BEGIN"), frontend::bind("", "no_such") + execute() + sync(), query("ROLLBACK")}},
    {"DEALLOCATE first",
     {parse("s", "SELECT 1") + sync(), query("BEGIN"), query("DEALLOCATE s"), query("COMMIT"),
      frontend::bind("", "s") + execute() + sync()}},
    {"SQL that names a statement first",
     {parse("s", "SELECT 5") + sync(), query("BEGIN"), query("EXECUTE s"), query("COMMIT"), query("BEGIN"),
      query("SELECT name, statement FROM pg_prepared_statements"), query("COMMIT")}},
    {"the same in a batch",
     {parse("s", "SELECT 5") + sync(), extended("BEGIN"), extended("EXECUTE s"), extended("COMMIT")}},
    {"a look at the names of statements, in a batch",
     {parse("s", "SELECT 5") + sync(), query("BEGIN"), extended("SELECT name FROM pg_prepared_statements"),
      query("COMMIT")}},
    {"a first statement of a megabyte",
     queries({"BEGIN", "SELECT length('" + std::string(1 << 20, 'x') + "')", "COMMIT"})},
    {"a large first batch",
     {query("BEGIN"),
      parse("", "SELECT length($1)") + frontend::bind("", "", {std::string(1 << 20, 'x')}) + execute() +
          sync(),
      query("COMMIT")}},
};

std::string printed(const std::vector<backend_message>& all) {
  std::string text;
  for (const auto& one : all) text += one.type + (' ' + one.body.substr(0, 200)) + '\n';
  return text;
}

class deferred_begin : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres::shared().exec("DROP TABLE IF EXISTS begun; CREATE TABLE " + table);
  }
  static wire_client directly() {
    return wire_client::postgres({postgres::shared().directory(), postgres::shared().port()});
  }
  static void empty_table() { postgres::shared().exec("TRUNCATE begun"); }
  double begins(const std::string& outcome) const {
    return pgweir_.metric("pgweir_deferred_begins_total", "outcome=\"" + outcome + "\"");
  }

  pgweir_process pgweir_{proxied("size = 2\nserver_round_robin = true")};
};

TEST_F(deferred_begin, is_answered_as_directly_and_so_is_all_behind_it) {
  for (const auto& one : conversations) {
    auto direct = directly();
    auto through = wire_client::postgres(pgweir_.tcp());
    std::vector<std::string> expected;
    empty_table();
    for (const auto& unit : one.sent) expected.push_back(printed(direct.ask(unit)));
    empty_table();
    for (std::size_t i = 0; i < one.sent.size(); ++i)
      EXPECT_EQ(printed(through.ask(one.sent[i])), expected[i]) << one.what << ", unit " << i + 1;
  }
  EXPECT_GT(begins("sent"), 25);
  EXPECT_GT(begins("empty"), 5);
}

TEST_F(deferred_begin, keeps_its_modes) {
  auto direct = directly();
  auto through = wire_client::postgres(pgweir_.tcp());
  for (const std::string modes :
       {"", "ISOLATION LEVEL READ UNCOMMITTED", "ISOLATION LEVEL READ COMMITTED",
        "ISOLATION LEVEL REPEATABLE READ", "ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
        "READ WRITE", "READ ONLY NOT DEFERRABLE", "ISOLATION LEVEL REPEATABLE READ READ WRITE"})
    for (const std::string begin : {"BEGIN ", "START TRANSACTION "}) {
      const auto shown = [&](wire_client& of) {
        auto all = printed(of.ask_sql(begin + modes));
        for (const auto* setting : {"isolation", "read_only", "deferrable"})
          all += of.value(std::string("SHOW transaction_") + setting) + '\n';
        return all + printed(of.ask_sql("COMMIT"));
      };
      EXPECT_EQ(shown(through), shown(direct)) << begin << modes;
    }
  EXPECT_EQ(begins("sent"), 16);
}

TEST_F(deferred_begin, may_come_with_all_that_follows) {
  auto through = wire_client::postgres(pgweir_.tcp());
  for (const auto& all :
       {query("BEGIN") + query("INSERT INTO begun VALUES (1)") + query("COMMIT"),
        extended("BEGIN") + extended("INSERT INTO begun VALUES (1)") + extended("COMMIT")}) {
    empty_table();
    for (std::size_t piece = 1; piece < all.size(); piece += piece < 24 ? 1 : 16) {
      empty_table();
      through.send_cut(all, [piece] { return piece; });
      for (const auto* state : {"T", "T", "I"}) {
        const auto answer = through.read_until_ready();
        EXPECT_EQ(sqlstate_of(answer), "") << piece;
        EXPECT_EQ(answer.back().body, state) << piece;
      }
      EXPECT_EQ(through.value("SELECT count(*) FROM begun"), "1");
    }
  }
}

TEST_F(deferred_begin, listens_at_its_commit) {
  auto through = wire_client::postgres(pgweir_.tcp());
  through.ask_sql("BEGIN");
  through.ask_sql("LISTEN news");
  through.ask_sql("COMMIT");
  postgres::shared().exec("NOTIFY news, 'it rains'");
  const auto news = through.read();
  EXPECT_EQ(news.type, 'A');
  EXPECT_NE(news.body.find("it rains"), std::string::npos);
}

}  // namespace
}  // namespace pgweir::test
