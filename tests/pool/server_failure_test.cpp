#include "pool/server_failure.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

TEST(server_failure, reads_what_the_server_said) {
  const auto failure = failure_from(
      "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  53300: sorry, too many clients "
      "already\n"
      "LOCATION:  InitProcess, proc.c:359\n");
  EXPECT_EQ(failure.sqlstate, "53300");
  EXPECT_EQ(failure.message, "sorry, too many clients already");
  EXPECT_FALSE(failure.permanent);
}

TEST(server_failure, takes_the_last_of_several_hosts_that_spoke) {
  const auto failure = failure_from(
      "connection to server at \"a\" (10.0.0.1), port 1 failed: FATAL:  57P03: the database system is "
      "starting up\n"
      "LOCATION:  x, y.c:1\n"
      "connection to server at \"b\" (10.0.0.2), port 1 failed: FATAL:  3D000: database \"x\" does not "
      "exist\n"
      "LOCATION:  x, y.c:1\n"
      "connection to server at \"c\" (10.0.0.3), port 1 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(failure.sqlstate, "3D000");
  EXPECT_EQ(failure.message, "database \"x\" does not exist");
  EXPECT_TRUE(failure.permanent);
}

TEST(server_failure, does_not_need_an_english_severity) {
  EXPECT_EQ(failure_from("... fehlgeschlagen: SCHWERWIEGEND:  28P01: Passwort falsch\n").sqlstate, "28P01");
}

TEST(server_failure, keeps_libpqs_words_in_one_line_when_the_server_did_not_speak) {
  const auto failure =
      failure_from("connection to server at \"x\" failed: Connection refused\n\tIs the server running?\n");
  EXPECT_EQ(failure.sqlstate, "08001");
  EXPECT_EQ(failure.message,
            "connection to server at \"x\" failed: Connection refused; Is the server running?");
  EXPECT_FALSE(failure.permanent);
}

TEST(server_failure, is_not_taken_in_by_text_that_only_looks_like_a_sqlstate) {
  EXPECT_EQ(failure_from("SSL error:  ABC: bad\n").sqlstate, "08001");
  EXPECT_EQ(failure_from("error:  abcde: bad\n").sqlstate, "08001");
  EXPECT_EQ(failure_from("error:  ").sqlstate, "08001");
}

TEST(server_failure, says_something_when_libpq_says_nothing) {
  EXPECT_FALSE(failure_from("").message.empty());
}

TEST(server_failure, tells_the_permanent_from_the_passing) {
  for (const auto* state :
       {"28P01", "28000", "3D000", "42704", "42501", "42601", "22023", "0A000", "55000", "55P02"})
    EXPECT_TRUE(is_permanent(state)) << state;
  for (const auto* state : {"53300", "57P01", "57P03", "08001", "08006", "XX000", "53200", "58000"})
    EXPECT_FALSE(is_permanent(state)) << state;
}

}  // namespace
}  // namespace pgweir::pool
