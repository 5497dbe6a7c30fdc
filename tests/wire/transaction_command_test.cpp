#include "proxy/wire/transaction_command.hpp"

#include <gtest/gtest.h>

namespace pgweir::wire {
namespace {

using enum transaction_verb;
using access_mode::read_only, access_mode::read_write;
using deferrable_mode::deferrable, deferrable_mode::not_deferrable;
using isolation_level::read_committed, isolation_level::read_uncommitted, isolation_level::repeatable_read,
    isolation_level::serializable;

struct row {
  std::string_view text;
  transaction_verb verb;
  transaction_modes modes{};
};

void expect_all(std::initializer_list<row> rows) {
  for (const auto& one : rows) {
    const auto found = read_transaction_command(one.text);
    EXPECT_EQ(found.verb, one.verb) << one.text;
    EXPECT_TRUE(found.modes == one.modes) << one.text;
  }
}

TEST(transaction_command, reads_what_begins_and_ends_a_transaction) {
  expect_all({{"BEGIN", begin},
              {"begin;", begin},
              {"Begin Work", begin},
              {"BEGIN TRANSACTION ; ;", begin},
              {"START TRANSACTION", start},
              {"-- why\nbegin /* a /* nested */ one */ ;", begin},
              {"COMMIT", commit},
              {"END", commit},
              {"end transaction", commit},
              {"commit work;", commit},
              {"ROLLBACK", rollback},
              {"abort work", rollback},
              {"\t rollback transaction;", rollback}});
}

TEST(transaction_command, reads_modes_with_and_without_commas) {
  expect_all(
      {{"BEGIN ISOLATION LEVEL READ COMMITTED", begin, {.isolation = read_committed}},
       {"BEGIN ISOLATION LEVEL READ UNCOMMITTED", begin, {.isolation = read_uncommitted}},
       {"begin work isolation level repeatable read;", begin, {.isolation = repeatable_read}},
       {"START TRANSACTION ISOLATION LEVEL SERIALIZABLE", start, {.isolation = serializable}},
       {"BEGIN READ ONLY", begin, {.access = read_only}},
       {"BEGIN READ WRITE", begin, {.access = read_write}},
       {"BEGIN NOT DEFERRABLE", begin, {.deferrable = not_deferrable}},
       {"BEGIN TRANSACTION DEFERRABLE READ ONLY", begin, {.access = read_only, .deferrable = deferrable}},
       {"START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE;",
        start,
        {repeatable_read, read_only, not_deferrable}},
       {"BEGIN READ ONLY ISOLATION LEVEL SERIALIZABLE DEFERRABLE",
        begin,
        {serializable, read_only, deferrable}}});
}

TEST(transaction_command, leaves_to_the_server_what_only_the_server_can_judge) {
  for (const std::string_view text : {"",
                                      ";",
                                      "BE",
                                      "BEGIN; SELECT 1",
                                      "SELECT 1; BEGIN",
                                      "BEGINN",
                                      "\"begin\"",
                                      "BEGIN 'x'",
                                      "START",
                                      "START WORK",
                                      "BEGIN WORK TRANSACTION",
                                      "BEGIN,",
                                      "BEGIN READ",
                                      "BEGIN READ ONLY,",
                                      "BEGIN , READ ONLY",
                                      "BEGIN ISOLATION LEVEL",
                                      "BEGIN ISOLATION LEVEL READ",
                                      "BEGIN ISOLATION LEVEL SNAPSHOT",
                                      "BEGIN ISOLATION LEVEL REPEATABLE",
                                      "BEGIN NOT",
                                      "BEGIN READ ONLY READ ONLY",
                                      "BEGIN READ ONLY READ WRITE",
                                      "BEGIN /* without end",
                                      "COMMIT AND CHAIN",
                                      "COMMIT AND NO CHAIN",
                                      "COMMIT PREPARED 'x'",
                                      "ROLLBACK TO SAVEPOINT a",
                                      "ROLLBACK TO a",
                                      "COMMIT READ ONLY",
                                      "END IF",
                                      "ABSENT",
                                      "CREATE TABLE t ()",
                                      "START TRANSACTION\\",
                                      "BEGIN;;x",
                                      "BEGIN; READ ONLY",
                                      "BEGIN READ ONLY; DEFERRABLE"})
    EXPECT_EQ(read_transaction_command(text).verb, other) << text;
  EXPECT_EQ(read_transaction_command("BEGIN /*" + std::string(300, '.') + "*/").verb, other);
  EXPECT_EQ(read_transaction_command(std::string_view("BEGIN\0", 6)).verb, other);
}

TEST(transaction_command, is_written_as_it_was_meant) {
  for (const std::string text :
       {"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY DEFERRABLE",
        "BEGIN ISOLATION LEVEL READ UNCOMMITTED READ WRITE NOT DEFERRABLE",
        "BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN ISOLATION LEVEL READ COMMITTED"})
    EXPECT_EQ(sql_to_begin(read_transaction_command(text).modes), text);
}

}  // namespace
}  // namespace pgweir::wire
