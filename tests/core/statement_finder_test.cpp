// Which texts of unnamed statements get a place in the catalogue.
#include "proxy/core/statement_finder.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace pgweir::test {
namespace {

std::string of(std::string text) { return text + std::string(3, '\0'); }

class statement_finder : public ::testing::Test {
 protected:
  core::shared_statement note(const std::string& text, int times = 1) {
    core::shared_statement last;
    for (int i = 0; i < times; ++i) last = texts_.note(wire::as_bytes(text));
    return last;
  }
  core::shared_statement find(const std::string& text) { return texts_.find(wire::as_bytes(text)); }

  core::statement_catalogue catalogue_{1 << 20, "secret"};
  core::statement_finder texts_{catalogue_};
};

TEST_F(statement_finder, the_fifth_sighting_finds_a_text) {
  EXPECT_EQ(note(of("select 1"), 4), nullptr);
  EXPECT_EQ(find(of("select 1")), nullptr);
  EXPECT_EQ(catalogue_.size(), 0u);
  const auto made = note(of("select 1"));
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(find(of("select 1")), made);
  EXPECT_EQ(note(of("select 1")), made);
}

TEST_F(statement_finder, to_look_is_not_to_count) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(find(of("select 1")), nullptr);
  EXPECT_EQ(note(of("select 1")), nullptr);
}

TEST_F(statement_finder, the_same_text_with_other_types_is_another) {
  note(of("select 1"), 5);
  EXPECT_EQ(find(std::string("select 1\0\0\1\0\0\0\27", 15)), nullptr);
}

TEST_F(statement_finder, a_retired_statement_is_followed_by_a_new_one) {
  const auto old = note(of("select 1"), 5);
  catalogue_.retire(old);
  EXPECT_EQ(find(of("select 1")), nullptr);
  const auto next = note(of("select 1"));
  ASSERT_NE(next, nullptr);
  EXPECT_NE(next, old);
}

TEST_F(statement_finder, a_demoted_statement_stands_in_for_nobody) {
  const auto made = note(of("select 1"), 5);
  made->demoted = true;
  EXPECT_EQ(find(of("select 1")), nullptr);
  EXPECT_EQ(note(of("select 1"), 20), nullptr);
}

TEST_F(statement_finder, commands_are_never_found) {
  for (const auto* text :
       {"begin", "deallocate all", "deallocate p", "set a = 1", "select 1; select 2", "select 'unterminated"})
    EXPECT_EQ(note(of(text), 10), nullptr) << text;
}

TEST_F(statement_finder, a_text_too_long_is_never_found) {
  EXPECT_EQ(note(of("select '" + std::string(4096, 'x') + "'"), 10), nullptr);
}

TEST_F(statement_finder,
       of_two_texts_with_one_slot_the_more_frequent_has_it_and_they_are_never_taken_for_each_other) {
  const auto slot = [](const std::string& text) { return std::hash<std::string_view>{}(text) % 1024; };
  const auto first = of("select 1");
  std::string second;
  for (int i = 2; second.empty(); ++i)
    if (const auto one = of("select " + std::to_string(i)); slot(one) == slot(first)) second = one;
  EXPECT_NE(note(first, 5), nullptr);
  EXPECT_EQ(find(second), nullptr);
  EXPECT_EQ(note(second, 4), nullptr);
  EXPECT_NE(find(first), nullptr);
  EXPECT_EQ(note(second), nullptr);
  EXPECT_EQ(find(first), nullptr);
  const auto made = note(second, 4);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->text_and_types, second);
}

TEST_F(statement_finder, a_catalogue_that_is_full_is_no_failure) {
  core::statement_catalogue none{1, "secret"};
  core::statement_finder texts{none};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(texts.note(wire::as_bytes(of("select 1"))), nullptr);
}

TEST_F(statement_finder, what_is_renewed_is_another_statement_at_once) {
  const auto before = note(of("select 1"), 5);
  texts_.renew();
  EXPECT_EQ(find(of("select 1")), nullptr);
  const auto after = note(of("select 1"));
  ASSERT_NE(after, nullptr);
  EXPECT_GT(after->id, before->id);
}

TEST_F(statement_finder, what_was_demoted_is_renewed_after_a_while_that_doubles_each_time) {
  auto made = note(of("select 1"), 5);
  for (const auto rounds : {2, 4, 8}) {
    EXPECT_TRUE(core::statement_finder::demote(*made));
    EXPECT_FALSE(core::statement_finder::demote(*made));
    for (int i = 0; i < rounds; ++i) {
      EXPECT_EQ(note(of("select 1")), nullptr) << "after " << i << " of " << rounds;
      texts_.renew();
    }
    made = note(of("select 1"));
    ASSERT_NE(made, nullptr);
  }
}

TEST_F(statement_finder, a_text_that_comes_often_keeps_its_place_from_those_that_come_once) {
  const auto made = note(of("select 1"), 20);
  for (int i = 0; i < 5000; ++i) note(of("select " + std::to_string(100 + i)));
  EXPECT_EQ(find(of("select 1")), made);
}

TEST_F(statement_finder, what_it_knows_makes_room_for_what_clients_name) {
  core::statement_catalogue small{1 << 16, "secret"};
  core::statement_finder texts{small};
  const auto long_text = [](int i) { return of("select " + std::to_string(i) + std::string(3000, ' ')); };
  for (int i = 0; i < 100; ++i)
    for (int times = 0; times < 5; ++times) texts.note(wire::as_bytes(long_text(i)));
  for (int i = 1000; i < 1019; ++i) EXPECT_NE(small.intern(wire::as_bytes(long_text(i))), nullptr) << i;
}

}  // namespace
}  // namespace pgweir::test
