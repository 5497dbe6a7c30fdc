#include "proxy/wire/process_sites.hpp"

#include "proxy/wire/bind_parameter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::wire {
namespace {

using namespace std::string_view_literals;

// "123 $1": what stands at the sites, in their order.
std::string sites_in(std::string_view text) {
  std::string found;
  for (const auto& one : find_process_sites(text)) {
    if (!found.empty()) found += ' ';
    found += one.parameter != 0 ? "$" + std::to_string(one.parameter) : std::to_string(one.process_id);
    if (one.parameter == 0) {
      EXPECT_EQ(text.substr(one.at, one.size), std::to_string(one.process_id));
    }
  }
  return found;
}

TEST(process_sites, are_the_arguments_of_the_functions_that_send_signals) {
  EXPECT_EQ(sites_in("select pg_terminate_backend(12)"), "12");
  EXPECT_EQ(sites_in("select pg_catalog.PG_CANCEL_BACKEND ( $2 ), pg_terminate_backend((7), 5000)"), "$2 7");
  EXPECT_EQ(sites_in("select pg_terminate_backend('12')"), "12");
  EXPECT_EQ(sites_in("select pg_terminate_backend('12'::int), pg_cancel_backend($1::int)"), "12 $1");
  EXPECT_EQ(sites_in("select pg_terminate_backend(pid => 12, timeout => 13)"), "12");
}

TEST(process_signal, is_the_stronger_one_that_is_called_for) {
  EXPECT_EQ(find_process_signal("select pg_cancel_backend(1)"), process_signal::cancels);
  EXPECT_EQ(find_process_signal("select pg_cancel_backend(1), PG_Terminate_Backend(2)"),
            process_signal::ends);
  EXPECT_EQ(find_process_signal("select \"pg_terminate_backend\"(1)"), process_signal::ends);
  EXPECT_EQ(find_process_signal("select pg_cancel_backend(1), 'pg_terminate_backend'"),
            process_signal::cancels);
}

TEST(process_sites, are_what_a_column_pid_is_compared_with) {
  constexpr auto call = "select pg_terminate_backend(pid) from pg_stat_activity a where "sv;
  EXPECT_EQ(sites_in(std::string(call) + "a.pid = 12"), "12");
  EXPECT_EQ(sites_in(std::string(call) + "pid<>$1 and backend_xid = 13"), "$1");
  EXPECT_EQ(sites_in(std::string(call) + "pid in (12, $1,'14') and usesysid in (15)"), "12 $1 14");
}

TEST(process_sites, are_not_in_comments_names_or_literals) {
  EXPECT_EQ(sites_in("select 12 /* pg_terminate_backend(12) */, 'pg_terminate_backend(12)'"), "");
  EXPECT_EQ(sites_in("select pg_terminate_backend(-12), pg_terminate_backend(f(12))"), "");
  EXPECT_EQ(sites_in("select pg_terminate_backend('a12'), pg_terminate_backend(99999999999)"), "");
  EXPECT_EQ(sites_in("select pg_terminate_backend($1 + 12), other(12)"), "$1");
}

constexpr auto bind =
    "p\0s\0\0\2\0\0\0\1\0\3\0\0\0\2"
    "12\xff\xff\xff\xff\0\0\0\4\0\x80\0\5\0\0"sv;

TEST(bind_parameter, is_found_by_its_number) {
  // Formats for two of three parameters: the protocol does not allow that, the server says so.
  const auto first = find_parameter(as_bytes(bind), 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(as_text(first->value), "12");
  EXPECT_EQ(read_process_id(*first), 12);
  EXPECT_FALSE(find_parameter(as_bytes(bind), 2)) << "NULL";
  EXPECT_FALSE(find_parameter(as_bytes(bind), 4));
  EXPECT_FALSE(find_parameter(as_bytes(bind), 0));
  for (std::size_t cut = 0; cut + 2 < bind.size(); ++cut)
    EXPECT_FALSE(find_parameter(as_bytes(bind.substr(0, cut)), 3)) << cut;
}

TEST(bind_parameter, is_written_in_the_format_that_it_was_read_in) {
  constexpr auto one_format = "\0\0\0\1\0\1\0\2\0\0\0\4\0\x80\0\5\0\0\0\x8\0\0\0\0\0\x80\0\6\0\0"sv;
  const auto narrow = find_parameter(as_bytes(one_format), 1);
  const auto wide = find_parameter(as_bytes(one_format), 2);
  ASSERT_TRUE(narrow && wide);
  EXPECT_EQ(read_process_id(*narrow), 0x800005);
  EXPECT_EQ(read_process_id(*wide), 0x800006);
  EXPECT_EQ(encode_process_id(7, *narrow), "\0\0\0\4\0\0\0\7"sv);
  EXPECT_EQ(encode_process_id(7, *wide), "\0\0\0\x8\0\0\0\0\0\0\0\7"sv);
  EXPECT_EQ(encode_process_id(77, bind_parameter{}),
            "\0\0\0\2"
            "77"sv);
}

}  // namespace
}  // namespace pgweir::wire
