// What clients make pgweir keep for them stays within the bound (prepared_memory).
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;

constexpr std::size_t limit = 1 << 20;  // of the script's catalogue
const std::string comment = "/*" + std::string(200'000, 'x') + "*/";

std::string long_name(int i) { return std::to_string(i) + std::string(100'000, 'n'); }

TEST(memory, names_of_statements_count) {
  script s;
  for (int i = 0; i < 10; ++i)
    s.client(parse(long_name(i), "select 1") + sync())
        .server((i == 0 ? parse_complete() : std::string{}) + ready());
  EXPECT_GT(s.catalogue().bytes(), limit - 100'000);
  s.expect_no_room(parse(long_name(10), "select 1"));
  EXPECT_LE(s.catalogue().bytes(), limit);
  s.change_client();
  EXPECT_LT(s.catalogue().bytes(), 1000u) << "given back";
}

TEST(memory, of_a_name_is_given_back_when_its_close_is_answered_or_its_parse_refused) {
  script s;
  for (int i = 0; i < 30; ++i) {
    const auto name = std::string(9'000, 'n');
    s.client(parse(name, "select 1") + sync());
    s.server(s.backend_state().expected.size() > 1 ? parse_complete() + ready() : ready());
    s.client(close_statement(name)).client(sync()).server(close_complete() + ready());
    s.client(parse(name, "broken") + sync()).server(error("42601", "no") + ready());
    EXPECT_LT(s.catalogue().bytes(), 1000u);
  }
}

TEST(memory, ordinary_clients_are_not_counted) {
  script s;
  s.client(parse("s1", "select 1") + sync()).server(parse_complete() + ready());
  const auto shared = s.catalogue().bytes();
  s.client(parse("", "select 2") + sync()).server(parse_complete() + ready());
  s.client(parse("s2", "select 1") + sync()).server(ready());
  EXPECT_EQ(s.catalogue().bytes(), shared);
}

TEST(memory, of_unnamed_texts_in_flight_is_bounded) {
  script s;
  std::string answers;
  for (int i = 0; i < 20; ++i) {
    s.client(parse("", comment + "select " + std::to_string(i)));
    answers += parse_complete();
  }
  EXPECT_LE(s.catalogue().bytes(), limit);
  s.client(sync()).server(answers + ready()).expect_client(answers + ready());
  EXPECT_TRUE(s.client_state().needs_same_backend()) << "its text is not kept";
  s.client(parse("", "select 1") + sync()).server(parse_complete() + ready());
  EXPECT_FALSE(s.client_state().needs_same_backend());
  EXPECT_LT(s.catalogue().bytes(), 1000u);
}

TEST(memory, of_unnamed_texts_is_given_back_whatever_becomes_of_them) {
  for (const auto& answer :
       {parse_complete() + parse_complete() + ready(), parse_complete() + error("42601", "no") + ready(),
        error("42601", "no") + ready()}) {
    script s;
    s.client(parse("", comment + "a") + parse("", comment + "b") + sync());
    EXPECT_GT(s.catalogue().bytes(), 400'000u - 4096);
    s.server(answer).client(query("select 1")).server(complete("SELECT 1") + ready());
    EXPECT_EQ(s.catalogue().bytes(), 0u);
  }
}

}  // namespace
}  // namespace pgweir::test
