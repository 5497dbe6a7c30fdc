// tests/fuzz/fuzz_error.cpp - ErrorResponse of a broken or hostile server.
#include "proxy/wire/error_response.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>

using namespace pgweir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = std::as_bytes(std::span(data, size));
  for (const char code : {'S', 'V', 'C', 'M', 'R', '\0'})
    require(wire::find_error_field(body, code).size() <= size);
  const auto fields = wire::parse_error(body);
  require(fields.message.size() + fields.detail.size() + fields.hint.size() <= size);
  std::string message;
  wire::append_error(message, fields);
  wire::append_notice(message, fields);
  return 0;
}
