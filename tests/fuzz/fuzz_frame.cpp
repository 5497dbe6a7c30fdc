// tests/fuzz/fuzz_frame.cpp - message headers and the bounds-checked reader.
#include "proxy/wire/frame.hpp"
#include "tests/fuzz/require.hpp"

using namespace pgweir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto [status, header] = wire::read_header(bytes);
  require((status == wire::header_status::incomplete) == (size < wire::header_size));
  if (status == wire::header_status::complete) require(header.body <= wire::max_body);

  wire::cursor in{bytes};
  while (in.ok() && !in.at_end()) {
    const auto before = in.rest().size();
    switch (in.u8() % 5) {
      case 0:
        in.u16();
        break;
      case 1:
        in.u32();
        break;
      case 2:
        require(in.c_string().size() < before);
        break;
      case 3:
        require(in.take(in.u16()).size() < before);
        break;
      default:
        break;
    }
    require(in.rest().size() < before);
  }
  return 0;
}
