#include "proxy/wire/notification.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::wire {
namespace {

void append_command(std::string& sql, std::string_view verb, std::string_view channel) {
  if (!sql.empty()) sql += ';';
  sql += verb;
  sql += " \"";
  for (const char c : channel) {
    if (c == '"') sql += c;
    sql += c;
  }
  sql += '"';
}

std::string for_all(std::string_view verb, std::span<const std::string> channels) {
  std::string sql;
  for (const auto& one : channels) append_command(sql, verb, one);
  return sql;
}

}  // namespace

std::optional<notification> read_notification(bytes_view body) {
  cursor in{body};
  notification said;
  said.process_id = in.u32();
  said.channel = in.c_string();
  said.payload = in.c_string();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return said;
}

void append_notification(std::string& out, const notification& said) {
  writer{out}
      .begin(backend::notification_response)
      .u32(said.process_id)
      .c_string(said.channel)
      .c_string(said.payload)
      .end();
}

std::string sql_to_listen(std::span<const std::string> channels) { return for_all("LISTEN", channels); }

std::string sql_to_unlisten(std::span<const std::string> channels) { return for_all("UNLISTEN", channels); }

std::string sql_to_mark(std::string_view channel, std::string_view payload) {
  std::string sql;
  append_command(sql, "LISTEN", channel);
  append_command(sql, "NOTIFY", channel);
  sql += ",'";
  sql += payload;
  return sql + '\'';
}

}  // namespace pgweir::wire
