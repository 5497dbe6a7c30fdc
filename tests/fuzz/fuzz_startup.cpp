// tests/fuzz/fuzz_startup.cpp - the first packet of a client, and the error messages that pgweir reads and
// writes.
#include "proxy/wire/error_response.hpp"
#include "proxy/wire/startup.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace {

using namespace pgweir;

void check_startup(wire::bytes_view packet) {
  const auto decoded = wire::decode_startup(packet);
  if (const auto* startup = std::get_if<wire::startup_message>(&decoded)) {
    require(!startup->user.empty() && startup->user.size() <= wire::max_name);
    require(!startup->database.empty() && startup->database.size() <= wire::max_name);
    std::string answer;
    wire::append_negotiate_protocol_version(answer, *startup);
    require(answer.size() <= packet.size() + 16);
  }
  if (const auto* cancel = std::get_if<wire::cancel_request>(&decoded)) {
    require(cancel->key.size() >= 4 && cancel->key.size() <= 256);
  }
}

void check_error(wire::bytes_view body) {
  const auto fields = wire::parse_error(body);
  std::string message;
  wire::append_error(message, fields);
  const auto again = wire::parse_error(wire::as_bytes(message).subspan(5));
  require(again.sqlstate == fields.sqlstate && again.message == fields.message && again.hint == fields.hint);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto declared = wire::startup_packet_size(bytes);
  require(!declared || (*declared >= wire::min_startup_packet && *declared <= wire::max_startup_packet));
  if (declared && *declared <= size) check_startup(bytes.first(*declared));
  check_startup(bytes);
  check_error(bytes);
  return 0;
}
