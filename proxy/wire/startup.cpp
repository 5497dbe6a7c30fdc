#include "proxy/wire/startup.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

#include <algorithm>

namespace pgweir::wire {

namespace {

constexpr std::size_t max_cancel_key = 256, min_cancel_key = 4;
constexpr std::uint32_t newest_version = 3u << 16;

startup_error refuse(const char* sqlstate, std::string message, std::string hint = {}) {
  return {.reply = error_fields{.severity = "FATAL",
                                .sqlstate = sqlstate,
                                .message = message,
                                .detail = {},
                                .hint = std::move(hint)},
          .reason = message};
}

startup_packet decode_cancel(cursor in) {
  const auto process_id = in.u32();
  const auto key = in.rest();
  if (!in.ok() || key.size() < min_cancel_key || key.size() > max_cancel_key) {
    return startup_error{.reply = {}, .reason = "invalid length of cancel request"};
  }
  return cancel_request{.process_id = process_id, .key = std::string(as_text(key))};
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> words) {
  const auto same = [](char a, char b) { return lower(a) == b; };
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return !value.empty() && value.size() <= word.size() &&
           std::equal(value.begin(), value.end(), word.begin(), same);
  });
}

// Words as PostgreSQL's parse_bool takes them: any unambiguous beginning, any case.
std::optional<replication_kind> parse_replication(std::string_view value) {
  if (value == "database") return replication_kind::logical;
  if (value == "o" || value == "O") return std::nullopt;
  if (value == "1" || is_one_of(value, {"true", "yes", "on"})) return replication_kind::physical;
  if (value == "0" || is_one_of(value, {"false", "no", "off"})) return replication_kind::none;
  return std::nullopt;
}

// Sorting keeps this n log n: a hostile packet has room for thousands of names.
void keep_last_of_each(std::vector<std::pair<std::string, std::string>>& parameters) {
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(parameters.begin(), parameters.end(), by_name);
  const auto kept = std::unique(parameters.rbegin(), parameters.rend(), same_name);
  parameters.erase(parameters.begin(), kept.base());
}

startup_packet decode_parameters(std::uint16_t minor, cursor in) {
  startup_message startup;
  startup.minor = minor;
  for (;;) {
    const auto name = in.c_string();
    if (name.empty()) break;
    const auto value = in.c_string();
    if (!in.ok()) break;
    if (name == "user") {
      startup.user = value.substr(0, max_name);
    } else if (name == "database") {
      startup.database = value.substr(0, max_name);
    } else if (name == "options") {
      startup.options = value;
    } else if (name == "replication") {
      const auto kind = parse_replication(value);
      if (!kind) {
        return refuse("22023", "invalid value for parameter \"replication\": \"" + std::string(value) + "\"",
                      R"(Valid values are: "false", 0, "true", 1, "database".)");
      }
      startup.replication = *kind;
    } else if (name.starts_with("_pq_.")) {
      startup.protocol_options.emplace_back(name);
    } else {
      startup.parameters.emplace_back(name, value);
    }
  }
  if (!in.ok() || !in.at_end()) {
    return refuse("08P01", "invalid startup packet layout: expected terminator as last byte");
  }
  if (startup.user.empty()) return refuse("28000", "no PostgreSQL user name specified in startup packet");
  if (startup.database.empty()) startup.database = startup.user;
  keep_last_of_each(startup.parameters);
  return startup;
}

}  // namespace

std::optional<std::size_t> startup_packet_size(bytes_view head) {
  if (head.size() < 4) return std::nullopt;
  const std::size_t size = load_u32(head.data());
  if (size < min_startup_packet || size > max_startup_packet) return std::nullopt;
  return size;
}

startup_packet decode_startup(bytes_view packet) {
  cursor in(packet);
  in.u32();
  const auto version = in.u32();
  if (!in.ok()) return startup_error{.reply = {}, .reason = "invalid length of startup packet"};
  if (version == cancel_request_code) return decode_cancel(in);
  if (version == ssl_request_code && in.at_end()) return ssl_request{};
  if (version == gssenc_request_code && in.at_end()) return gssenc_request{};
  if (version >> 16 != 3) return unsupported_protocol(version);
  return decode_parameters(static_cast<std::uint16_t>(version), in);
}

startup_error unsupported_protocol(std::uint32_t version) {
  return refuse("0A000", "unsupported frontend protocol " + std::to_string(version >> 16) + "." +
                             std::to_string(version & 0xffffu) + ": server supports 3.0 to 3.0");
}

void append_negotiate_protocol_version(std::string& out, const startup_message& startup) {
  writer message(out);
  message.begin(backend::negotiate_protocol_version);
  message.u32(newest_version);  // PostgreSQL sends the whole version, and libpq 18 expects that
  message.u32(static_cast<std::uint32_t>(startup.protocol_options.size()));
  for (const auto& name : startup.protocol_options) message.c_string(name);
  message.end();
}

}  // namespace pgweir::wire
