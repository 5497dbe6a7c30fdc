// pgweir refuses a unit inside a transaction: the client sees what it would see had the server refused it.
#include "proxy/core/refusal.hpp"

#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

const auto why = error("53300", "too many");
const auto fails = query("ROLLBACK TO SAVEPOINT \"refused by pgweir\"");
const auto failed = error("3B001", "no such savepoint") + ready('E');

struct to_string final : wire::sink {
  void put(wire::bytes_view bytes) override { all += wire::as_text(bytes); }
  std::string all;
};

script& refuse(script& s, const std::string& unit) {
  s.client(query("begin")).server(complete("BEGIN") + ready('T'));
  s.expect_client(complete("BEGIN") + ready('T')).expect_server(query("begin"));
  to_string server;
  core::refuse_in_transaction(s.client_state(), s.backend_state(), wire::as_bytes(unit), why, server);
  EXPECT_EQ(readable(server.all), readable(fails));
  return s;
}

TEST(refusal, of_a_query_fails_its_transaction) {
  script s;
  const auto unit = query("listen a");
  refuse(s, unit).server(failed).expect_client(why + ready('E'));
  s.client(unit + query("rollback")).expect_server(query("rollback"));
  s.server(complete("ROLLBACK") + ready()).expect_client(complete("ROLLBACK") + ready()).expect_quiet();
}

TEST(refusal, of_a_unit_of_the_extended_protocol_reaches_to_its_sync) {
  script s;
  const auto unit = parse("", "listen a") + bind_statement("", "") + execute();
  refuse(s, unit).server(failed).expect_client(why);
  s.client(unit + sync()).expect_server(sync());
  s.server(ready('E')).expect_client(ready('E'));
  s.client(query("rollback")).expect_server(query("rollback"));
}

}  // namespace
}  // namespace pgweir::test
