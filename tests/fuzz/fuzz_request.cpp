// tests/fuzz/fuzz_request.cpp - the client's extended-protocol messages, and the beginning of an SQL text.
#include "proxy/wire/frame.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_head.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>

using namespace pgweir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = std::as_bytes(std::span(data, size));
  if (const auto view = wire::read_parse(body)) {
    std::string again;
    wire::append_parse(again, view->name, view->text_and_types);
    require(again.substr(wire::header_size) == wire::as_text(body));
  }
  if (const auto names = wire::read_bind_names(body)) {
    require(names->size == names->portal.size() + names->statement.size() + 2 && names->size <= size);
  }
  if (const auto target = wire::read_target(body)) {
    std::string again;
    wire::append_close(again, target->kind, target->name);
    require(again.substr(wire::header_size) == wire::as_text(body));
  }
  const auto head = wire::read_sql_head(wire::as_text(body));
  require(head.name.size() <= size);
  require((head.kind == wire::sql_head_kind::deallocate_one) == !head.name.empty());
  return 0;
}
