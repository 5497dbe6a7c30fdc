// Commands after which a login brings something else, as far as their tags tell.
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

std::uint32_t changes(script& s) { return s.backend_state().counts.login_changes; }

TEST(login_changes, count_when_the_command_has_succeeded) {
  for (const std::size_t piece : {0, 1}) {
    script s;
    s.server_in_pieces_of(piece);
    s.client(query("ALTER ROLE a SET b = 1")).server(error("42704", "no such role") + ready());
    EXPECT_EQ(changes(s), 0U);
    s.client(query("ALTER ROLE a SET b = 1")).server(complete("ALTER ROLE") + ready());
    EXPECT_EQ(changes(s), 1U);
    s.client(query("select 1")).server(data_row("1") + complete("SELECT 1") + ready());
    EXPECT_EQ(changes(s), 1U);
  }
}

TEST(login_changes, count_when_the_transaction_is_committed) {
  script s;
  s.client(query("DROP ROLE a")).server(complete("DROP ROLE") + ready('T'));
  s.client(query("select 1")).server(data_row("1") + complete("SELECT 1") + ready('T'));
  EXPECT_EQ(changes(s), 0U);
  s.client(query("commit")).server(complete("COMMIT") + ready());
  EXPECT_EQ(changes(s), 1U);
}

TEST(login_changes, of_a_unit_of_messages_count_at_its_end) {
  script s;
  s.client(parse("", "ALTER DATABASE a SET b = 1") + bind_statement("", "") + execute() + sync());
  s.server(parse_complete() + bind_complete() + complete("ALTER DATABASE"));
  EXPECT_EQ(changes(s), 0U);
  s.server(ready());
  EXPECT_EQ(changes(s), 1U);
}

}  // namespace
}  // namespace pgweir::test
