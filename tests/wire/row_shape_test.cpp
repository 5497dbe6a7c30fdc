#include "proxy/wire/row_shape.hpp"

#include "proxy/wire/writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgweir::test {
namespace {

struct column {
  std::string name = "a";
  std::uint32_t type = 23;
  std::uint32_t modifier = 0xffffffff;
  std::uint32_t table = 0;
  std::uint16_t format = 0;
};

std::string description(const std::vector<column>& columns) {
  std::string message;
  wire::writer out{message};
  out.begin('T').u16(static_cast<std::uint16_t>(columns.size()));
  for (const auto& one : columns)
    out.c_string(one.name).u32(one.table).u16(1).u32(one.type).u16(4).u32(one.modifier).u16(one.format);
  out.end();
  return message.substr(5);
}

std::uint64_t shape(const std::vector<column>& columns) {
  return wire::row_shape(wire::as_bytes(description(columns)));
}

TEST(row_shape, is_that_of_names_types_and_modifiers) {
  const auto one = shape({{.name = "a"}});
  for (const auto& other : std::vector<std::vector<column>>{
           {}, {{.name = "b"}}, {{.type = 25}}, {{.modifier = 7}}, {{}, {}}, {{.name = "a"}, {.name = "b"}}})
    EXPECT_NE(shape(other), one);
  EXPECT_NE(shape({{.name = "a"}, {.name = "b"}}), shape({{.name = "b"}, {.name = "a"}}));
  EXPECT_EQ(shape({{.name = "a", .table = 7}}), one);
  EXPECT_EQ(shape({{.name = "a", .format = 1}}), one);
}

TEST(row_shape, of_what_is_cut_off_is_not_known) {
  const auto whole = description({{}, {.name = "b"}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(wire::row_shape(wire::as_bytes(std::string_view(whole).substr(0, size))), 0u) << size;
}

}  // namespace
}  // namespace pgweir::test
