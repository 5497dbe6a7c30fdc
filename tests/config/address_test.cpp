#include "config/address.hpp"

#include <gtest/gtest.h>

namespace pgweir::config {
namespace {

TEST(address, splits_host_and_port) {
  EXPECT_EQ(parse_address("127.0.0.1:6432").value,
            (address{.directory = {}, .host = "127.0.0.1", .port = 6432}));
  EXPECT_EQ(parse_address("db.example:1").value, (address{.directory = {}, .host = "db.example", .port = 1}));
  EXPECT_EQ(parse_address("[::1]:65535").value, (address{.directory = {}, .host = "::1", .port = 65535}));
}

TEST(address, takes_a_directory_for_a_unix_socket) {
  const address at = parse_address("/run//pgweir/").value;
  EXPECT_TRUE(at.is_unix());
  EXPECT_EQ(at.directory, "/run/pgweir");
  EXPECT_EQ(unix_socket_path(at.directory, 6432), "/run/pgweir/.s.PGSQL.6432");
}

TEST(address, says_what_is_wrong_and_what_to_write) {
  for (const char* text :
       {"", "6432", "localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:6432x",
        "::1:6432", "[::1]", "[::1]6432", "[]:6432", ":6432", "*:6432"}) {
    const parsed_address parsed = parse_address(text);
    EXPECT_NE(parsed.error, "") << text;
    EXPECT_NE(parsed.advice, "") << text;
  }
}

}  // namespace
}  // namespace pgweir::config
