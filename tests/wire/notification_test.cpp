#include "proxy/wire/notification.hpp"

#include "proxy/wire/frame.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pgweir::wire {
namespace {

TEST(notification, is_read_as_it_was_written) {
  std::string message;
  append_notification(message, {77, "news", "it rains"});
  const auto [status, header] = read_header(as_bytes(message));
  ASSERT_EQ(status, header_status::complete);
  ASSERT_EQ(header.size(), message.size());
  EXPECT_EQ(header.type, 'A');
  const auto said = read_notification(as_bytes(message).subspan(header_size));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->process_id, 77u);
  EXPECT_EQ(said->channel, "news");
  EXPECT_EQ(said->payload, "it rains");
}

TEST(notification, is_whole_or_none) {
  std::string message;
  append_notification(message, {77, "news", "it rains"});
  const auto body = as_bytes(message).subspan(header_size);
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(read_notification(body.first(size)));
  message += 'x';
  EXPECT_FALSE(read_notification(as_bytes(message).subspan(header_size)));
}

TEST(listening, names_every_channel_exactly) {
  const std::vector<std::string> channels{"a", "B \"c\""};
  EXPECT_EQ(sql_to_listen(channels), R"(LISTEN "a";LISTEN "B ""c""")");
  EXPECT_EQ(sql_to_unlisten(channels), R"(UNLISTEN "a";UNLISTEN "B ""c""")");
  EXPECT_EQ(sql_to_listen({}), "");
  EXPECT_EQ(sql_to_mark("marks", "1.2"), R"(LISTEN "marks";NOTIFY "marks",'1.2')");
}

}  // namespace
}  // namespace pgweir::wire
