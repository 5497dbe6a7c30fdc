#include "pool/io/byte_queue.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pgweir::io {
namespace {

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span{text}); }

std::string text_of(const byte_queue& queue) {
  const auto data = queue.data();
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

TEST(byte_queue, keeps_bytes_in_order) {
  buffer_cache cache;
  byte_queue queue;
  queue.append(cache, bytes("hello "));
  queue.append(cache, bytes("world"));
  EXPECT_EQ(text_of(queue), "hello world");
  queue.consume(cache, 6);
  EXPECT_EQ(text_of(queue), "world");
  queue.clear(cache);
}

TEST(byte_queue, owns_no_memory_while_empty) {
  buffer_cache cache;
  byte_queue queue;
  EXPECT_EQ(cache.lent_bytes(), 0u);
  queue.append(cache, {});
  EXPECT_EQ(cache.lent_bytes(), 0u);
  queue.append(cache, bytes("x"));
  EXPECT_GT(cache.lent_bytes(), 0u);
  queue.consume(cache, 1);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(cache.lent_bytes(), 0u);
  queue.prepare(cache, 10);
  queue.commit(cache, 0);
  EXPECT_EQ(cache.lent_bytes(), 0u);
}

TEST(byte_queue, moves_to_the_front_instead_of_growing_when_half_is_consumed) {
  buffer_cache cache;
  byte_queue queue;
  queue.append(cache, bytes(std::string(buffer_cache::smallest, 'a')));
  queue.consume(cache, buffer_cache::smallest - 10);
  queue.append(cache, bytes(std::string(100, 'b')));
  EXPECT_EQ(cache.lent_bytes(), buffer_cache::smallest);
  EXPECT_EQ(text_of(queue), std::string(10, 'a') + std::string(100, 'b'));
  queue.clear(cache);
}

TEST(byte_queue, equals_a_string_after_any_sequence_of_operations) {
  buffer_cache cache;
  byte_queue queue;
  std::string expected;
  std::minstd_rand random{1};
  for (int i = 0; i < 5000; ++i) {
    if (random() % 2 == 0) {
      const std::string more(random() % 3000, static_cast<char>('a' + i % 26));
      queue.append(cache, bytes(more));
      expected += more;
    } else if (!expected.empty()) {
      const auto n = random() % (expected.size() + 1);
      queue.consume(cache, n);
      expected.erase(0, n);
    }
    ASSERT_EQ(queue.size(), expected.size());
    ASSERT_EQ(queue.empty(), expected.empty());
    ASSERT_EQ(text_of(queue), expected);
  }
  queue.clear(cache);
  EXPECT_EQ(cache.lent_bytes(), 0u);
}

}  // namespace
}  // namespace pgweir::io
