// The smallest end-to-end tests: if one of these fails, look here first.
#include "tests/support/pgweir_process.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/wire_client.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

std::string with_password() { return postgres::shared().server() + " password=postgres"; }

TEST(end_to_end, a_trusted_client_gets_its_answer_over_tcp_and_over_a_unix_socket) {
  pgweir_process pgweir{pgweir_process::trusting(with_password())};
  for (const auto& way : {pgweir.tcp(), pgweir.unix_socket()}) {
    auto client = wire_client::postgres(way);
    EXPECT_EQ(client.value("SELECT 40 + 2"), "42");
    client.goodbye();
  }
  EXPECT_EQ(pgweir.metric("pgweir_queries_total"), 2);
}

TEST(end_to_end, a_client_with_a_scram_password_logs_in) {
  pgweir_process pgweir{"[databases.postgres]\nserver = \"" + with_password() +
                        "\"\n[users.postgres]\npassword = \"elephant\"\nauth = \"scram-sha-256\"\n"};
  auto client =
      wire_client::log_in(pgweir.tcp(), {{"user", "postgres"}, {"database", "postgres"}}, "elephant");
  EXPECT_EQ(client.value("SELECT current_user"), "postgres");
  EXPECT_THROW(wire_client::log_in(pgweir.tcp(), {{"user", "postgres"}}, "camel"), std::runtime_error);
}

TEST(end_to_end, sigterm_ends_the_program_with_status_zero) {
  pgweir_process pgweir{pgweir_process::trusting(with_password())};
  auto client = wire_client::postgres(pgweir.tcp());
  EXPECT_EQ(pgweir.stop(), 0) << pgweir.log();
  EXPECT_EQ(client.read().sqlstate(), "57P01");
  EXPECT_TRUE(client.at_end());
}

}  // namespace
}  // namespace pgweir::test
