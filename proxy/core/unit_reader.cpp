#include "proxy/core/unit_reader.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"

#include <algorithm>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

unit_step violation(const char* why) { return {unit_verdict::violation, 0, why}; }

// Takes the message at the front off, now as far as it is there and later as far as it is not.
unit_step drop(client_state& client, const wire::frame_header& header, std::size_t available,
               unit_verdict what = unit_verdict::skip) {
  const auto now = std::min(header.size(), available);
  if (now < header.size()) client.rest = {passing::drop, static_cast<std::uint32_t>(header.size() - now)};
  return {what, now};
}

unit_step gather(wire::bytes_view arrived) {
  std::size_t at = 0;
  while (at < arrived.size()) {
    const auto [status, header] = wire::read_header(arrived.subspan(at));
    if (status == wire::header_status::malformed) return violation("invalid message length");
    if (status == wire::header_status::incomplete) break;
    switch (header.type) {
      case frontend::parse:
      case frontend::bind:
      case frontend::describe:
      case frontend::close:
      case frontend::execute:
        at += header.size();
        break;
      default:
        return {unit_verdict::dispatch};  // Sync, Flush, Query, ...: the relay knows what to do
    }
  }
  // Gathering more would only cost memory.
  return {arrived.size() >= kept_unit_limit ? unit_verdict::dispatch : unit_verdict::need_more};
}

unit_step skip_refused(client_state& client, const wire::frame_header& header, std::size_t available) {
  if (header.type != frontend::sync) return drop(client, header, available);
  if (available < header.size()) return {unit_verdict::need_more};
  client.discards_until_sync = false;
  return {unit_verdict::ready, header.size()};
}

}  // namespace

unit_step read_unit(client_state& client, wire::bytes_view arrived) {
  if (client.rest.how == passing::drop) {
    const auto n = std::min<std::size_t>(client.rest.bytes, arrived.size());
    client.rest.bytes -= static_cast<std::uint32_t>(n);
    if (client.rest.bytes == 0) client.rest.how = passing::none;
    return {unit_verdict::skip, n};
  }
  const auto [status, header] = wire::read_header(arrived);
  if (status == wire::header_status::incomplete) return {unit_verdict::need_more};
  if (status == wire::header_status::malformed) return violation("invalid message length");
  if (header.type == frontend::terminate) return {unit_verdict::terminate};
  if (client.discards_until_sync) return skip_refused(client, header, arrived.size());
  switch (header.type) {
    case frontend::query:
    case frontend::function_call:
      return {unit_verdict::dispatch};
    case frontend::parse:
    case frontend::bind:
    case frontend::describe:
    case frontend::close:
    case frontend::execute:
      return gather(arrived);
    case frontend::sync:
      if (arrived.size() < header.size()) return {unit_verdict::need_more};
      return {unit_verdict::ready, header.size()};
    // The server accepts and ignores COPY messages outside a COPY: the client has not seen the error yet.
    case frontend::flush:
    case frontend::copy_data:
    case frontend::copy_done:
    case frontend::copy_fail:
      return drop(client, header, arrived.size());
    default:
      return violation("unknown message type");
  }
}

bool refuse_unit(client_state& client, wire::bytes_view arrived) {
  client.deferred.fail();
  const auto [status, header] = wire::read_header(arrived);
  const bool single = status == wire::header_status::complete &&
                      (header.type == frontend::query || header.type == frontend::function_call);
  if (single)
    client.rest = {passing::drop, static_cast<std::uint32_t>(header.size())};
  else
    client.discards_until_sync = true;
  return single;
}

}  // namespace pgweir::core
