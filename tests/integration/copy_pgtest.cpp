// COPY FROM STDIN in the extended protocol as libpq does it: Sync right behind Execute, which the server
// ignores if it takes data by then, so that the number of ReadyForQuery depends on whether the COPY began.
#include "tests/integration/proxied.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace frontend;

std::string copy_with_early_sync(const std::string& rows) {
  return parse("", "COPY copied FROM STDIN") + frontend::bind("", "") + execute() + sync() + copy_data(rows) +
         copy_done() + sync();
}

class early_sync : public testing::Test {
 protected:
  early_sync() : pgweir(proxied("size = 1")), client(wire_client::postgres(pgweir.tcp())) {
    postgres::shared().exec("DROP TABLE IF EXISTS copied; CREATE TABLE copied (id int)");
  }

  // Another client gets the only backend: it was given back, and is in order.
  void expect_backend_is_free() {
    auto other = wire_client::postgres(pgweir.tcp(), std::chrono::seconds{10});
    EXPECT_EQ(other.value("SELECT 'free'"), "free");
  }

  pgweir_process pgweir;
  wire_client client;
};

TEST_F(early_sync, of_a_copy_that_succeeds_is_not_answered) {
  EXPECT_EQ(types_of(client.ask(copy_with_early_sync("1\n") + query("SELECT 'next'"))), "12GCZ");
  EXPECT_EQ(types_of(client.read_until_ready()), "TDCZ");
  expect_backend_is_free();
}

TEST_F(early_sync, of_a_copy_that_fails_is_not_answered_and_the_backend_is_given_back) {
  EXPECT_EQ(types_of(client.ask(copy_with_early_sync("no number\n") + query("SELECT 'next'"))), "12GEZ");
  EXPECT_EQ(types_of(client.read_until_ready()), "TDCZ");
  expect_backend_is_free();
}

TEST_F(early_sync, of_a_copy_that_never_began_is_answered) {
  client.ask_sql("BEGIN");
  client.ask_sql("SELECT 1/0");
  EXPECT_EQ(types_of(client.ask(copy_with_early_sync("1\n"))), "EZ");
  EXPECT_EQ(types_of(client.read_until_ready()), "Z");
  client.ask_sql("ROLLBACK");
  expect_backend_is_free();
}

TEST_F(early_sync, of_a_failed_copy_leaves_the_next_copy_of_the_pipeline_in_order) {
  client.send(copy_with_early_sync("no number\n") + query("COPY copied FROM STDIN") + copy_data("7\n") +
              copy_done());
  EXPECT_EQ(types_of(client.read_until_ready()), "12GEZ");
  EXPECT_EQ(types_of(client.read_until_ready()), "GCZ");
  expect_backend_is_free();
}

}  // namespace
}  // namespace pgweir::test
