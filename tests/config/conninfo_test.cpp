#include "config/conninfo.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>

namespace pgweir::config {
namespace {

constexpr const char* accepted_strings[]{
    "",
    "host=10.0.0.5 port=5432",
    "  host = 10.0.0.5\n\tport = 5432  ",
    "host='/run/a b' password='it\\'s = \\\\ here' dbname=app",
    "password=a\\ b\\'c",
    "host=a,b,c port=5432,,5434 target_session_attrs=read-write",
    "dbname=''",
    "postgresql://",
    "postgres://alice@10.0.0.5",
    "postgresql://alice:p%40ss%3Aword@10.0.0.5:5432/app?sslmode=require&application_name=x%20y",
    "postgresql://alice:pass?word@10.0.0.5/app",
    "postgresql://[::1]:5432,[2001:db8::1],c:5433/app",
    "postgresql:///app?host=/run/postgresql",
    "postgresql://10.0.0.5/app?ssl=true",
};

constexpr const char* refused_strings[]{
    "10.0.0.5",
    "host=10.0.0.5 port",
    "=10.0.0.5",
    "host='10.0.0.5",
    "hots=10.0.0.5",
    "postgresql://10.0.0.5/app?hots=1",
    "postgresql://10.0.0.5/app?sslmode",
    "postgresql://[::1/app",
    "postgresql://alice:%zz@10.0.0.5",
    "postgresql://alice:%00@10.0.0.5",
    "postgresql://alice:x%4",
};

bool libpq_accepts(const char* text) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(text, &message);
  const bool accepted = options != nullptr;
  PQconninfoFree(options);
  PQfreemem(message);
  return accepted;
}

TEST(conninfo, accepts_what_libpq_accepts) {
  for (const char* text : accepted_strings) {
    EXPECT_TRUE(libpq_accepts(text)) << text;
    EXPECT_EQ(conninfo_error(text), "") << text;
  }
}

TEST(conninfo, refuses_what_libpq_refuses) {
  for (const char* text : refused_strings) {
    EXPECT_FALSE(libpq_accepts(text)) << text;
    EXPECT_NE(conninfo_error(text), "") << text;
  }
}

TEST(conninfo, refuses_a_port_that_libpq_would_refuse_at_the_first_connection) {
  for (const char* text : {"port=0", "port=65536", "port=5432,x", "port='54 32'", "postgresql://a:65536",
                           "postgresql://a:1,b:x/app"}) {
    EXPECT_NE(conninfo_error(text), "") << text;
  }
}

TEST(conninfo, knows_every_key_of_this_libpq) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all{PQconndefaults(), &PQconninfoFree};
  for (const PQconninfoOption* one = all.get(); one->keyword; ++one) {
    const std::string text = std::string{one->keyword} + "=1";
    EXPECT_EQ(conninfo_error(text), "") << text;
  }
}

TEST(conninfo, names_the_key_that_was_meant) {
  EXPECT_EQ(conninfo_error("host=a prot=5432"), "part 2 has an unknown key, perhaps meant to be \"port\"");
}

TEST(conninfo, repeats_no_part_that_may_be_a_password) {
  for (const char* text :
       {"password=hunter2 hunter2", "password='hunter2", "password=hunter2 hunter2=1", "hunter2",
        "port=hunter2", "postgresql://alice:hunter2@a:hunter2", "postgresql://a:hunter2",
        "postgresql://alice:hunter2%@a", "postgresql://a/b?hunter2", "postgresql://a/b?hunter2=1"}) {
    const std::string error = conninfo_error(text);
    EXPECT_NE(error, "") << text;
    EXPECT_EQ(error.find("hunter"), error.npos) << error;
  }
}

}  // namespace
}  // namespace pgweir::config
