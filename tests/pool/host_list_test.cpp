#include "pool/host_list.hpp"

#include <gtest/gtest.h>

namespace pgweir::pool {
namespace {

TEST(host_list, gives_each_host_its_port) {
  const auto hosts = split_hosts("a,b,/run/pg", "", "1,2,3");
  ASSERT_EQ(hosts.size(), 3u);
  EXPECT_EQ(hosts[0].name, "a");
  EXPECT_EQ(hosts[1].port, "2");
  EXPECT_EQ(hosts[2].name, "/run/pg");
}

TEST(host_list, gives_a_single_port_to_all_hosts) {
  const auto hosts = split_hosts("a,b", "", "5432");
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[1].port, "5432");
}

TEST(host_list, leaves_lists_of_different_length_to_libpq) {
  EXPECT_TRUE(split_hosts("a,b", "", "1,2,3").empty());
  EXPECT_TRUE(split_hosts("a,b", "10.0.0.1", "").empty());
}

TEST(host_list, resolves_names_only) {
  EXPECT_TRUE(needs_resolving({"db.example", "", ""}));
  for (const auto* untouched : {"", "/run/postgresql", "@abstract", "10.0.0.1", "::1", "fe80::1%eth0"})
    EXPECT_FALSE(needs_resolving({untouched, "", ""})) << untouched;
  EXPECT_FALSE(needs_resolving({"db.example", "10.0.0.1", ""}));
}

TEST(host_list, keeps_the_lists_parallel_when_joined) {
  const auto joined = join_hosts({{"a", "10.0.0.1", "1"}, {"a", "10.0.0.2", "1"}, {"/run/pg", "", "2"}});
  EXPECT_EQ(joined.host, "a,a,/run/pg");
  EXPECT_EQ(joined.hostaddr, "10.0.0.1,10.0.0.2,");
  EXPECT_EQ(joined.port, "1,1,2");
}

TEST(host_list, stays_empty_where_nothing_was_said) {
  const auto joined = join_hosts(split_hosts("", "", ""));
  EXPECT_EQ(joined.host, "");
  EXPECT_EQ(joined.hostaddr, "");
  EXPECT_EQ(joined.port, "");
}

}  // namespace
}  // namespace pgweir::pool
