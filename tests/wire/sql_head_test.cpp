#include "proxy/wire/sql_head.hpp"

#include <gtest/gtest.h>

namespace pgweir::wire {
namespace {

struct head_case {
  const char* text;
  sql_head_kind kind;
  const char* name = "";
};

TEST(sql_head, reads_what_drops_prepared_statements) {
  using enum sql_head_kind;
  const head_case cases[] = {
      {"", other},
      {"select 1", other},
      {"DEALLOCATE p", deallocate_one, "p"},
      {"deallocate prepare P;", deallocate_one, "p"},
      {"deallocate prepare", deallocate_one, "prepare"},
      {"deallocate \"P\"\"q\" ; ", deallocate_one, "P\"q"},
      {"deallocate prepare \"all\"", deallocate_one, "all"},
      {"DEALLOCATE ALL", deallocate_all},
      {"deallocate prepare all;", deallocate_all},
      {"DISCARD ALL", deallocate_all},
      {"discard temp", other},
      {" -- why\n /* a /* nested */ one */ ; deallocate/**/p--", deallocate_one, "p"},
      {"/* not closed", other},
      {"deallocate p; select 1", other},
      {"deallocate \"not closed", other},
      {"deallocate", other},
      {"deallocated", other},
  };
  for (const auto& one : cases) {
    const auto head = read_sql_head(one.text);
    EXPECT_EQ(head.kind, one.kind) << one.text;
    EXPECT_EQ(head.name, one.name) << one.text;
  }
}

}  // namespace
}  // namespace pgweir::wire
