// What a session has set and left: what is asked, how the answer is read, how another connection gets it, and
// that no unit of the client comes between.
#include "proxy/core/application_name.hpp"
#include "proxy/core/profile_book.hpp"
#include "proxy/core/session_profile.hpp"
#include "proxy/core/state_probe.hpp"
#include "proxy/wire/request.hpp"
#include "tests/core/script.hpp"

#include <gtest/gtest.h>

namespace pgweir::test {
namespace {

using namespace from_client;
using namespace from_server;
using own_exchange = core::backend_state::own_exchange;

using settings = std::vector<std::pair<std::string, std::string>>;

core::shared_session_profile profile(settings set, std::string role = {}, std::string authorization = {}) {
  return std::make_shared<const core::session_profile>(
      core::session_profile{std::move(set), std::move(authorization), std::move(role)});
}

std::string row(const std::vector<std::string>& columns) {
  std::string body;
  body += static_cast<char>(0);
  body += static_cast<char>(columns.size());
  for (const auto& one : columns) {
    body.append(3, '\0');
    body += static_cast<char>(one.size());
    body += one;
  }
  return body;
}

core::state_findings found(const std::vector<std::vector<std::string>>& rows) {
  core::state_findings all;
  for (const auto& one : rows) EXPECT_TRUE(all.add_row(wire::as_bytes(row(one))));
  return all;
}

TEST(session_profile, no_settings_and_null_are_different_things_that_nobody_makes) {
  EXPECT_TRUE(core::is_same(nullptr, nullptr));
  EXPECT_TRUE(core::is_same(profile({{"a", "b"}}), profile({{"a", "b"}})));
  EXPECT_FALSE(core::is_same(profile({{"a", "b"}}), nullptr));
  EXPECT_FALSE(core::is_same(profile({{"a", "b"}}), profile({{"a", "c"}})));
}

using queries = std::vector<std::string>;
constexpr const char* undone = "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL";

TEST(session_profile, is_had_after_all_of_another_is_undone_with_the_role_last) {
  EXPECT_EQ(
      core::sql_to_have(profile({{"a.b", "it's \\"}, {"c", ""}}, "r", "x\"y")),
      (queries{undone,
               "SELECT pg_catalog.set_config( E'a.b', E'it''s \\\\',false), pg_catalog.set_config( E'c', "
               "E'',false);SET SESSION AUTHORIZATION \"x\"\"y\";SET ROLE \"r\""}));
  EXPECT_EQ(core::sql_to_have(nullptr), queries{undone});
}

TEST(session_profile, has_its_encoding_before_anything_is_written_in_it) {
  EXPECT_EQ(core::sql_to_have(profile({{"a", "b"}, {"client_encoding", "LATIN1"}})),
            (queries{undone, "SELECT pg_catalog.set_config( E'client_encoding', E'LATIN1',false)",
                     "SELECT pg_catalog.set_config( E'a', E'b',false)"}));
}

TEST(session_profile, may_give_a_text_another_meaning) {
  EXPECT_TRUE(core::parse_alike(profile({{"work_mem", "1"}}), nullptr));
  EXPECT_FALSE(core::parse_alike(profile({{"TimeZone", "UTC"}}), nullptr));
  EXPECT_FALSE(core::parse_alike(profile({{"DateStyle", "ISO, DMY"}}), profile({{"DateStyle", "ISO, MDY"}})));
}

TEST(session_profile, is_hasty_if_it_may_end_what_others_do) {
  EXPECT_FALSE(core::is_hasty(*profile({{"statement_timeout", "30000"}, {"idle_session_timeout", "0"}})));
  EXPECT_TRUE(core::is_hasty(*profile({{"statement_timeout", "999"}})));
  EXPECT_TRUE(core::is_hasty(*profile({{"idle_session_timeout", "60000"}})));
}

TEST(profile_book, gives_equal_profiles_one_identity_as_long_as_somebody_has_them) {
  core::profile_book book;
  const auto first = book.intern({{{"a", "b"}}, "", ""});
  EXPECT_EQ(book.intern({{{"a", "b"}}, "", ""}), first);
  EXPECT_NE(book.intern({{{"a", "b"}}, "", "r"}), first);
  EXPECT_EQ(book.intern({}), nullptr);
  for (int i = 0; i < 1000; ++i) book.intern({{{"a", std::to_string(i)}}, "", ""});
  EXPECT_LE(book.size(), 64u);
  EXPECT_EQ(book.intern({{{"a", "b"}}, "", ""}), first);
}

TEST(state_findings, are_read_row_by_row) {
  const auto all = found({{"s", "TimeZone", "UTC"},
                          {"s", "work_mem", "77"},
                          {"s", "application_name", "app"},
                          {"r", "", "none"},
                          {"u", "", "joe"},
                          {"a", "", ""},
                          {"l", "news", ""},
                          {"l", "a \"b\"", ""}});
  EXPECT_EQ(all.profile.settings, (settings{{"TimeZone", "UTC"}, {"work_mem", "77"}}));
  EXPECT_EQ(all.profile.role, "");
  EXPECT_EQ(all.profile.authorization, "joe");
  EXPECT_EQ(all.application_name, "app");
  EXPECT_TRUE(all.bound.advisory_locks && all.bound.listens);
  EXPECT_EQ(all.channels, (std::vector<std::string>{"news", "a \"b\""}));
  EXPECT_FALSE(all.bound.temporary_objects || all.bound.held_cursors || all.bound.sql_prepared);
}

// ALTER ROLE ... SET role: then RESET ROLE does not return to none.
TEST(state_findings, know_no_role_from_that_of_the_login) {
  EXPECT_EQ(found({{"r", "", "none"}}).profile.role, "");
  EXPECT_EQ(found({{"r", "", "none"}, {"d", "", ""}}).profile.role, "none");
  EXPECT_EQ(found({{"r", "", "joe"}, {"d", "", ""}}).profile.role, "joe");
}

TEST(state_findings, tell_a_name_that_is_empty_from_one_that_was_reset) {
  EXPECT_EQ(found({{"s", "application_name", ""}}).application_name, "");
  EXPECT_EQ(found({{"s", "work_mem", "77"}}).application_name, std::nullopt);
}

TEST(application_name, returns_to_the_one_it_began_with) {
  core::application_name name{"mine"};
  name.reset();
  EXPECT_EQ(name.now(), "mine");
  for (const auto* other : {"yours", "mine", "theirs", ""}) name.change(other);
  EXPECT_EQ(name.now(), "");
  name.reset();
  EXPECT_EQ(name.now(), "mine");
}

TEST(state_findings, refuse_what_cannot_be_a_row_of_theirs) {
  core::state_findings all;
  for (const auto& bad : {row({}), row({"s", "a"}), row({"z", "", ""}), row({"", "", ""}),
                          row({"s", "a", "b"}) + "x", row({"s", "a", "b"}).substr(0, 10)})
    EXPECT_FALSE(all.add_row(wire::as_bytes(bad)));
}

TEST(state_probe, asks_for_custom_settings_by_name) {
  const auto sql = core::probe_sql({"a.b", "c.'d"});
  EXPECT_NE(sql.find("current_setting( E'a.b',true)"), std::string::npos);
  EXPECT_NE(sql.find("current_setting( E'c.''d',true)"), std::string::npos);
}

script& asks(script& s) {
  s.backend_state().own = own_exchange::asks_for_state;
  s.backend_state().expected.push({.request = core::request::query,
                                   .how = core::handling::swallow,
                                   .then = core::bookkeeping::probes_state});
  return s;
}

std::string frame(const std::string& body) {
  std::string message(1, 'D');
  message.append(3, '\0');
  message += static_cast<char>(body.size() + 4);
  return message + body;
}

TEST(state_probe, is_answered_unseen_and_the_next_unit_waits_for_it) {
  same_for_every_split([](script& s) {
    asks(s).client(query("select 1")).expect_server("");
    s.server(row_description() + frame(row({"s", "work_mem", "77"})) + complete("SELECT 1") + ready());
    s.expect_client("");
    EXPECT_EQ(s.backend_state().own, own_exchange::told_state);
    EXPECT_EQ(s.backend_state().findings.profile.settings.size(), 1u);
    EXPECT_FALSE(s.backend_state().findings.failed);
    s.backend_state().own = own_exchange::none;
    s.client(query("select 2")).expect_server(query("select 1") + query("select 2"));
  });
}

// nextval() changes no session, unless the operator says so.
TEST(state_probe, follows_the_functions_that_the_operator_names_in_either_protocol) {
  const std::vector<std::string> named{"nextval"};
  const auto simple = query("select nextval('s')");
  const auto extended = parse("", "select nextval('s')") + bind_statement("", "") + execute() + sync();
  for (const auto& unit : {simple, extended}) {
    script says_nothing;
    EXPECT_FALSE(says_nothing.client(unit).backend_state().dirty);
    script names_it{100, named};
    EXPECT_TRUE(names_it.client(unit).backend_state().dirty);
  }
}

// COPY data that came too late is followed by its end, which nobody answers.
TEST(state_probe, is_not_held_up_by_the_end_of_copy_data_that_came_late) {
  script s;
  asks(s).client(from_client::copy_done());
  s.server(complete("SELECT 1") + ready()).expect_client("");
  s.backend_state().own = own_exchange::none;
  s.expect_quiet();
}

TEST(state_probe, that_fails_is_no_reason_to_end_the_session) {
  script s;
  asks(s).server(error("57014", "canceled") + ready()).expect_client("");
  EXPECT_TRUE(s.backend_state().findings.failed);
  EXPECT_EQ(s.backend_state().own, own_exchange::told_state);
}

TEST(session_profile, is_there_before_the_unit_goes) {
  same_for_every_split([](script& s) {
    s.backend_state().own = own_exchange::adapts;
    s.backend_state().expected.push(
        {.request = core::request::query, .how = core::handling::swallow, .then = core::bookkeeping::adapts});
    s.client(parse("", "select 1") + sync()).expect_server("");
    s.server(complete("SELECT 1") + ready()).expect_client("");
    s.client(sync()).expect_server(parse("", "select 1") + sync() + sync());
  });
}

TEST(session_profile, that_the_server_refuses_ends_the_session_before_its_unit_runs) {
  script s;
  s.backend_state().own = own_exchange::adapts;
  s.backend_state().expected.push(
      {.request = core::request::query, .how = core::handling::swallow, .then = core::bookkeeping::adapts});
  s.client(query("select 1")).expect_server("");
  s.expect_server_violation(error("42704", "no such role"));
  EXPECT_EQ(s.backend_state().refused, "42704: no such role");
}

TEST(session_state, is_for_ever_where_no_reset_takes_it_away) {
  using lasting = core::lasting_state;
  const auto seeds = parse("", "select setseed(0.5)") + bind_statement("", "") + execute() + sync();
  for (const auto& unit : {query("select setseed(0.5)"), seeds}) {
    script s;
    s.client(query("select 1"));
    EXPECT_EQ(s.backend_state().lasting, lasting::none);
    s.client(unit);
    EXPECT_EQ(s.backend_state().lasting, lasting::random_seed);
  }
  script s;
  s.client(query("load 'x'")).server(complete("LOAD") + ready());
  EXPECT_EQ(s.backend_state().lasting, lasting::library);
}

TEST(session_state, the_name_that_the_server_tells_of_is_noted_where_nothing_else_is_looked_at) {
  const auto told = parameter_status("application_name", "");
  same_for_every_split([&](script& s) {
    s.client_state().names = core::naming::untouched;
    s.client(query("reset all")).server(complete("RESET") + parameter_status("TimeZone", "UTC"));
    EXPECT_FALSE(s.backend_state().told_name);
    s.server(told + ready())
        .expect_client(complete("RESET") + parameter_status("TimeZone", "UTC") + told + ready());
    EXPECT_EQ(s.backend_state().told_name, "");
  });
  script s;
  s.client(query("reset all")).server(complete("RESET") + told + ready());
  EXPECT_FALSE(s.backend_state().told_name);
}

}  // namespace
}  // namespace pgweir::test
