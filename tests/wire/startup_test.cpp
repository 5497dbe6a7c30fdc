#include "proxy/wire/startup.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pgweir::wire {
namespace {

using namespace std::string_literals;

std::string packet(std::uint32_t version, std::string_view rest) {
  std::string bytes;
  writer(bytes).begin_untyped().u32(version).raw(rest).end();
  return bytes;
}

constexpr std::uint32_t v3_0 = 3u << 16;

startup_message startup_of(std::string_view parameters, std::uint32_t version = v3_0) {
  auto decoded = decode_startup(as_bytes(packet(version, parameters)));
  EXPECT_TRUE(std::holds_alternative<startup_message>(decoded));
  return std::get<startup_message>(decoded);
}

startup_error error_of(std::string_view bytes) {
  auto decoded = decode_startup(as_bytes(bytes));
  EXPECT_TRUE(std::holds_alternative<startup_error>(decoded));
  return std::get<startup_error>(decoded);
}

error_fields reply_of(std::string_view parameters) {
  const auto error = error_of(packet(v3_0, parameters));
  EXPECT_TRUE(error.reply.has_value());
  return error.reply.value_or(error_fields{});
}

std::string length_word(std::uint32_t length) {
  std::string bytes;
  writer(bytes).u32(length);
  return bytes;
}

TEST(startup_packet_size, takes_what_postgresql_takes) {
  EXPECT_EQ(startup_packet_size(as_bytes(length_word(8))), 8u);
  EXPECT_EQ(startup_packet_size(as_bytes(length_word(10'004))), 10'004u);
}

TEST(startup_packet_size, refuses_all_other_lengths) {
  for (const std::uint32_t length : {0u, 1u, 3u, 4u, 7u, 10'005u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(startup_packet_size(as_bytes(length_word(length))), std::nullopt) << length;
  }
}

TEST(startup_packet_size, refuses_every_typed_message) {
  for (int type = 1; type < 256; ++type) {
    const std::string head{static_cast<char>(type), 0, 0, 0};
    EXPECT_EQ(startup_packet_size(as_bytes(head)), std::nullopt) << type;
  }
}

TEST(decode_startup, tells_the_requests_apart) {
  EXPECT_TRUE(std::holds_alternative<ssl_request>(decode_startup(as_bytes(packet(80877103, "")))));
  EXPECT_TRUE(std::holds_alternative<gssenc_request>(decode_startup(as_bytes(packet(80877104, "")))));
}

TEST(decode_startup, takes_cancel_keys_of_both_protocols) {
  for (const std::size_t size : {std::size_t{4}, std::size_t{32}, std::size_t{256}}) {
    const std::string key(size, '\xfe');
    const auto decoded = decode_startup(as_bytes(packet(80877102, "\0\0\1\2"s + key)));
    ASSERT_TRUE(std::holds_alternative<cancel_request>(decoded)) << size;
    EXPECT_EQ(std::get<cancel_request>(decoded).process_id, 258u);
    EXPECT_EQ(std::get<cancel_request>(decoded).key, key);
  }
}

TEST(decode_startup, is_silent_about_cancel_keys_of_other_lengths) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{257}}) {
    EXPECT_FALSE(error_of(packet(80877102, "\0\0\0\1"s + std::string(size, 'k'))).reply) << size;
  }
  EXPECT_FALSE(error_of(packet(80877102, "\0\0"s)).reply);
}

TEST(decode_startup, sorts_parameters_and_keeps_the_last_of_duplicates) {
  const auto startup =
      startup_of("user\0al\0TimeZone\0UTC\0DateStyle\0ISO\0user\0alice\0TimeZone\0CET\0options\0-c a=b\0\0"s);
  EXPECT_EQ(startup.user, "alice");
  EXPECT_EQ(startup.options, "-c a=b");
  const std::vector<std::pair<std::string, std::string>> expected{{"DateStyle", "ISO"}, {"TimeZone", "CET"}};
  EXPECT_EQ(startup.parameters, expected);
  EXPECT_FALSE(startup.needs_negotiation());
}

TEST(decode_startup, names_the_database_after_the_user_unless_told) {
  EXPECT_EQ(startup_of("user\0alice\0\0"s).database, "alice");
  EXPECT_EQ(startup_of("user\0alice\0database\0\0\0"s).database, "alice");
  EXPECT_EQ(startup_of("database\0app\0user\0alice\0\0"s).database, "app");
}

TEST(decode_startup, cuts_names_where_postgresql_does) {
  const auto startup =
      startup_of("user\0"s + std::string(5'000, 'u') + "\0database\0"s + std::string(64, 'd') + "\0\0"s);
  EXPECT_EQ(startup.user, std::string(63, 'u'));
  EXPECT_EQ(startup.database, std::string(63, 'd'));
}

TEST(decode_startup, asks_for_a_user) {
  for (const auto& parameters : {"\0"s, "user\0\0\0"s, "database\0app\0\0"s}) {
    const auto reply = reply_of(parameters);
    EXPECT_EQ(reply.sqlstate, "28000");
    EXPECT_EQ(reply.message, "no PostgreSQL user name specified in startup packet");
    EXPECT_EQ(reply.severity, "FATAL");
  }
}

TEST(decode_startup, refuses_a_broken_layout_in_postgresqls_words) {
  for (const auto& parameters : {""s, "user\0alice\0"s, "user\0alice"s, "user"s, "user\0alice\0database\0\0"s,
                                 "user\0alice\0\0x"s, "user\0alice\0\0\0"s, "user\0alice\0odd\0"s}) {
    const auto reply = reply_of(parameters);
    EXPECT_EQ(reply.sqlstate, "08P01");
    EXPECT_EQ(reply.message, "invalid startup packet layout: expected terminator as last byte");
  }
}

TEST(decode_startup, knows_the_kinds_of_replication) {
  const auto kind = [](const std::string& value) {
    return startup_of("user\0u\0replication\0"s + value + "\0\0"s).replication;
  };
  for (const auto* value : {"1", "true", "T", "on", "yes"})
    EXPECT_EQ(kind(value), replication_kind::physical) << value;
  for (const auto* value : {"0", "false", "off", "No"})
    EXPECT_EQ(kind(value), replication_kind::none) << value;
  EXPECT_EQ(kind("database"), replication_kind::logical);
  for (const auto* value : {"o", "", "2", "truely", "Database"}) {
    EXPECT_EQ(reply_of("user\0u\0replication\0"s + value + "\0\0"s).sqlstate, "22023") << value;
  }
}

TEST(decode_startup, refuses_other_protocols) {
  const std::pair<std::uint32_t, const char*> versions[]{{2u << 16, "2.0"},
                                                         {4u << 16, "4.0"},
                                                         {0, "0.0"},
                                                         {1234u << 16 | 5681u, "1234.5681"},
                                                         {0xffffffffu, "65535.65535"}};
  for (const auto& [version, name] : versions) {
    const auto error = error_of(packet(version, "user\0u\0\0"s));
    ASSERT_TRUE(error.reply);
    EXPECT_EQ(error.reply->sqlstate, "0A000");
    EXPECT_EQ(error.reply->message,
              "unsupported frontend protocol "s + name + ": server supports 3.0 to 3.0");
  }
}

TEST(decode_startup, negotiates_newer_minor_versions_and_protocol_options) {
  const auto startup = startup_of("user\0u\0_pq_.compression\0zstd\0_pq_.x\0y\0\0"s, v3_0 + 2);
  EXPECT_EQ(startup.minor, 2);
  EXPECT_TRUE(startup.needs_negotiation());
  EXPECT_TRUE(startup.parameters.empty());
  std::string message;
  append_negotiate_protocol_version(message, startup);
  EXPECT_EQ(message, "v\0\0\0\x24\0\3\0\0\0\0\0\2_pq_.compression\0_pq_.x\0"s);
  EXPECT_TRUE(startup_of("user\0u\0\0"s, v3_0 + 9999).needs_negotiation());
  EXPECT_TRUE(startup_of("user\0u\0_pq_.x\0y\0\0"s).needs_negotiation());
}

TEST(decode_startup, survives_every_truncation) {
  const auto whole = packet(v3_0, "user\0alice\0database\0app\0_pq_.x\0y\0\0"s);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = decode_startup(as_bytes(whole.substr(0, size)));
    EXPECT_TRUE(std::holds_alternative<startup_error>(decoded)) << size;
  }
}

TEST(decode_startup, stays_quick_with_thousands_of_parameters) {
  std::string parameters = "user\0u\0"s;
  for (int i = 0; parameters.size() < 9'980; ++i) parameters += std::to_string(i) + "\0\0"s;
  parameters += '\0';
  EXPECT_GT(startup_of(parameters).parameters.size(), 1'500u);
}

}  // namespace
}  // namespace pgweir::wire
