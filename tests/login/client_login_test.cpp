#include "proxy/login/client_login.hpp"

#include "proxy/auth/md5_password.hpp"
#include "tests/auth/scram_client.hpp"
#include "tests/login/login_script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::login {
namespace {

using config::auth_method;
using namespace std::string_literals;

config::config settings_with(auth_method method, const std::string& secret) {
  config::config settings;
  settings.users["alice"].auth = method;
  settings.users["alice"].secret = secret;
  settings.databases["app"].server = "host=nowhere";
  return settings;
}

const std::string alice_to_app = startup_packet_of("user\0alice\0database\0app\0application_name\0t\0\0"s);

// Each test runs with whole packets and with one byte at a time.
class client_login_test : public testing::TestWithParam<delivery> {
 protected:
  login_script script(const config::config& settings, bool unix_socket = false) {
    return login_script(settings, GetParam(), unix_socket);
  }
};

INSTANTIATE_TEST_SUITE_P(each, client_login_test, testing::Values(delivery::whole, delivery::bytewise),
                         [](const auto& how) { return how.param == delivery::whole ? "whole" : "bytewise"; });

TEST_P(client_login_test, lets_a_trusted_user_in_and_keeps_what_came_early) {
  const auto settings = settings_with(auth_method::trust, "");
  auto played = script(settings);
  played.send(alice_to_app);
  auto& result = played.finish();
  ASSERT_EQ(result.outcome, login_outcome::authenticated) << result.detail;
  EXPECT_EQ(result.startup.user, "alice");
  EXPECT_EQ(result.startup.database, "app");
  EXPECT_EQ(result.startup.parameters.size(), 1u);
  EXPECT_EQ(result.user, &settings.users.at("alice"));
  EXPECT_EQ(result.method, auth_method::trust);
  EXPECT_TRUE(result.transport.is_open());
  EXPECT_EQ(played.receive(0), "");
  EXPECT_EQ(metric_of(result.outcome), metrics::login_outcome::ok);
  EXPECT_EQ(metric_of(result.method), metrics::login_method::trust);
}

TEST(client_login, hands_over_bytes_that_came_with_the_startup_packet) {
  const auto settings = settings_with(auth_method::trust, "");
  login_script played(settings);
  played.send(alice_to_app + "Q\0\0\0\x0dselect 1\0"s);
  EXPECT_EQ(played.finish().early_bytes, "Q\0\0\0\x0dselect 1\0"s);
}

TEST_P(client_login_test, checks_cleartext_passwords) {
  const auto settings = settings_with(auth_method::password, "one");
  for (const bool right : {true, false}) {
    auto played = script(settings, true);
    played.send(alice_to_app);
    EXPECT_EQ(played.receive(9), "R\0\0\0\x08\0\0\0\3"s);
    played.send(password_message(right ? "one\0"s : "two\0"s));
    EXPECT_EQ(played.finish().outcome, right ? login_outcome::authenticated : login_outcome::refused);
    EXPECT_EQ(sqlstate_in(played.receive(0)), right ? "" : "28P01");
  }
}

TEST_P(client_login_test, checks_md5_passwords) {
  const auto settings = settings_with(auth_method::md5, "one");
  for (const auto* password : {"one", "two"}) {
    auto played = script(settings);
    played.send(alice_to_app);
    const auto salt = played.receive_authentication();
    ASSERT_EQ(salt.size(), 4u);
    played.send(password_message(auth::md5_response(auth::md5_of_password(password, "alice"), salt) + "\0"s));
    EXPECT_EQ(played.finish().outcome,
              password == "one"s ? login_outcome::authenticated : login_outcome::refused);
  }
}

TEST_P(client_login_test, checks_scram_passwords_with_keys_derived_elsewhere) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  for (const auto* password : {"one", "two"}) {
    const auth::scram_client client{.password = password};
    auto played = script(settings);
    played.send(alice_to_app);
    EXPECT_EQ(played.receive_authentication(), "SCRAM-SHA-256\0\0"s);
    played.send(password_message(auth::sasl_initial(client.first())));
    const auto server_first = played.receive_authentication();
    ASSERT_FALSE(server_first.empty());
    played.send(password_message(client.final(server_first)));
    const auto& result = played.finish();
    EXPECT_EQ(result.outcome, password == "one"s ? login_outcome::authenticated : login_outcome::refused);
    EXPECT_EQ(result.method, auth_method::scram_sha_256);
    const auto last = played.receive(0);
    EXPECT_EQ(last.front(), password == "one"s ? 'R' : 'E');
  }
}

TEST_P(client_login_test, answers_unknown_users_in_the_words_of_a_wrong_password) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  std::string words[2];
  int at = 0;
  for (const auto* user : {"alice", "mallo"}) {
    const auth::scram_client client{.password = "two"};
    auto played = script(settings);
    played.send(startup_packet_of("user\0"s + user + "\0database\0nodb\0\0"s));
    played.receive_authentication();
    played.send(password_message(auth::sasl_initial(client.first())));
    played.send(password_message(client.final(played.receive_authentication())));
    EXPECT_EQ(played.finish().outcome, login_outcome::refused);
    auto error = played.receive(0);
    EXPECT_EQ(sqlstate_in(error), "28P01");
    words[at++] = error.replace(error.find(user), 5, "<who>");
  }
  EXPECT_EQ(words[0], words[1]);
}

TEST_P(client_login_test, names_a_missing_database_after_the_login_only) {
  const auto settings = settings_with(auth_method::trust, "");
  auto played = script(settings);
  played.send(startup_packet_of("user\0alice\0\0"s));
  const auto& result = played.finish();
  EXPECT_EQ(result.outcome, login_outcome::refused);
  EXPECT_EQ(result.sqlstate, "3D000");
  EXPECT_FALSE(result.transport.is_open());
  const auto error = played.receive(0);
  EXPECT_EQ(sqlstate_in(error), "3D000");
  EXPECT_NE(error.find("database \"alice\" does not exist"), std::string::npos);
}

TEST_P(client_login_test, negotiates_the_protocol_before_it_asks_for_a_password) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  auto played = script(settings);
  played.send(startup_packet_of("user\0alice\0database\0app\0_pq_.x\0y\0\0"s, (3u << 16) + 2));
  const auto answer = played.receive(10);
  EXPECT_EQ(answer.substr(0, 20), "v\0\0\0\x13\0\3\0\0\0\0\0\1_pq_.x\0"s);
  EXPECT_EQ(answer.substr(20, 1), "R");
}

TEST_P(client_login_test, negotiates_the_protocol_with_trusted_users_too) {
  const auto settings = settings_with(auth_method::trust, "");
  auto played = script(settings);
  played.send(startup_packet_of("user\0alice\0database\0app\0\0"s, (3u << 16) + 2));
  EXPECT_EQ(played.finish().outcome, login_outcome::authenticated);
  EXPECT_EQ(played.receive(0), "v\0\0\0\x0c\0\3\0\0\0\0\0\0"s);
}

TEST_P(client_login_test, returns_cancel_requests_and_leaves_their_connection_open) {
  const auto settings = settings_with(auth_method::trust, "");
  auto played = script(settings);
  played.send("\0\0\0\x10\x04\xd2\x16\x2e\0\0\1\2KEY4"s);
  const auto& result = played.finish();
  ASSERT_EQ(result.outcome, login_outcome::cancel_requested);
  EXPECT_EQ(result.cancel->process_id, 258u);
  EXPECT_EQ(result.cancel->key, "KEY4");
  EXPECT_TRUE(result.transport.is_open());
  EXPECT_EQ(metric_of(result.method), metrics::login_method::none);
}

TEST_P(client_login_test, answers_one_request_of_each_kind_and_no_more) {
  const auto settings = settings_with(auth_method::trust, "");
  auto played = script(settings);
  played.send(ssl_request_packet());
  EXPECT_EQ(played.receive(1), "N");
  played.send(gssenc_request_packet());
  EXPECT_EQ(played.receive(1), "N");
  played.send(ssl_request_packet());
  EXPECT_EQ(played.finish().outcome, login_outcome::refused);
  EXPECT_EQ(sqlstate_in(played.receive(0)), "0A000");
}

TEST(client_login, ends_a_flood_of_encryption_requests_at_once) {
  const auto settings = settings_with(auth_method::trust, "");
  for (const auto& request : {ssl_request_packet(), gssenc_request_packet()}) {
    std::string flood;
    for (int i = 0; i < 10'000; ++i) flood += request;
    login_script played(settings);
    played.send(flood);
    EXPECT_EQ(played.finish().outcome, login_outcome::refused);
  }
}

TEST(client_login, refuses_plain_text_that_came_along_with_an_encryption_request) {
  const auto settings = settings_with(auth_method::trust, "");
  for (const auto& request : {ssl_request_packet(), gssenc_request_packet()}) {
    login_script played(settings);
    played.send(request + alice_to_app + "Q\0\0\0\x0dselect 1\0"s);
    EXPECT_EQ(played.finish().outcome, login_outcome::refused);
    EXPECT_EQ(sqlstate_in(played.receive(0)), "08P01");
  }
}

TEST_P(client_login_test, closes_without_a_word_on_every_typed_message_that_comes_first) {
  const auto settings = settings_with(auth_method::trust, "");
  for (int type = 1; type < 256; ++type) {
    auto played = script(settings);
    played.send(std::string(1, static_cast<char>(type)) + "\0\0\0\x08pass"s);
    EXPECT_EQ(played.finish().outcome, login_outcome::malformed) << type;
    EXPECT_EQ(played.receive(0), "") << type;
  }
}

TEST_P(client_login_test, closes_without_a_word_on_impossible_lengths) {
  const auto settings = settings_with(auth_method::trust, "");
  for (const auto& length : {"\0\0\0\0"s, "\0\0\0\3"s, "\0\0\0\7"s, "\0\0\x27\x15"s, "\x40\0\0\0"s,
                             "\x7f\xff\xff\xff"s, "\x80\0\0\0"s, "\xff\xff\xff\xff"s}) {
    auto played = script(settings);
    played.send(length + "\0\3\0\0"s);
    EXPECT_EQ(played.finish().outcome, login_outcome::malformed);
    EXPECT_FALSE(played.finish().transport.is_open());
  }
}

TEST_P(client_login_test, takes_the_longest_startup_packet_postgresql_takes) {
  const auto settings = settings_with(auth_method::trust, "");
  const auto names = "user\0alice\0database\0app\0options\0"s;
  const std::string options(wire::max_startup_packet - 8 - names.size() - 2, ' ');
  const auto packet = startup_packet_of(names + options + "\0\0"s);
  ASSERT_EQ(packet.size(), wire::max_startup_packet);
  auto played = script(settings);
  played.send(packet);
  ASSERT_EQ(played.finish().outcome, login_outcome::authenticated);
  EXPECT_EQ(played.finish().startup.options, options);
}

TEST_P(client_login_test, refuses_every_other_message_where_a_password_is_due) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  for (int type = 0; type < 256; ++type) {
    if (type == 'p') continue;
    auto played = script(settings);
    played.send(alice_to_app);
    played.receive_authentication();
    played.send(std::string(1, static_cast<char>(type)) + "\0\0\0\4"s);
    EXPECT_EQ(played.finish().outcome, login_outcome::refused) << type;
    EXPECT_EQ(sqlstate_in(played.receive(0)), "08P01") << type;
  }
}

TEST_P(client_login_test, refuses_impossible_lengths_of_passwords_before_they_come) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  for (const auto& length : {"\0\0\0\0"s, "\0\0\0\3"s, "\0\1\0\4"s, "\x40\0\0\0"s, "\x7f\xff\xff\xff"s,
                             "\x80\0\0\0"s, "\xff\xff\xff\xff"s}) {
    auto played = script(settings);
    played.send(alice_to_app);
    played.receive_authentication();
    played.send("p"s + length);
    EXPECT_EQ(played.finish().outcome, login_outcome::refused);
    EXPECT_EQ(sqlstate_in(played.receive(0)), "08P01");
  }
}

TEST(client_login, takes_a_password_as_long_as_a_token) {
  const std::string token(65'000, 't');
  const auto settings = settings_with(auth_method::password, token);
  login_script played(settings, delivery::whole, true);
  played.send(alice_to_app).receive_authentication();
  played.send(password_message(token + "\0"s));
  EXPECT_EQ(played.finish().outcome, login_outcome::authenticated);
}

TEST_P(client_login_test, refuses_plain_connections_where_tls_is_required_but_not_unix_sockets) {
  auto settings = settings_with(auth_method::trust, "");
  settings.listen.tls.mode = config::tls_mode::require;
  for (const bool unix_socket : {false, true}) {
    auto played = script(settings, unix_socket);
    played.send(alice_to_app);
    EXPECT_EQ(played.finish().outcome, unix_socket ? login_outcome::authenticated : login_outcome::refused);
    EXPECT_EQ(sqlstate_in(played.receive(0)), unix_socket ? "" : "28000");
  }
}

TEST_P(client_login_test, notices_a_client_that_goes_away_at_any_byte) {
  const auto settings = settings_with(auth_method::scram_sha_256, "one");
  for (std::size_t size = 0; size <= alice_to_app.size(); size += 7) {
    auto played = script(settings);
    played.send(std::string_view(alice_to_app).substr(0, size)).close_client();
    EXPECT_EQ(played.finish().outcome, login_outcome::disconnected) << size;
    EXPECT_EQ(metric_of(played.finish().outcome), metrics::login_outcome::error);
  }
}

TEST_P(client_login_test, ends_without_a_word_when_the_time_is_up) {
  auto settings = settings_with(auth_method::scram_sha_256, "one");
  settings.listen.client_login_timeout = config::milliseconds(1);
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, alice_to_app.size()}) {
    auto played = script(settings);
    played.send(std::string_view(alice_to_app).substr(0, size));
    const auto& result = played.finish();
    EXPECT_EQ(result.outcome, login_outcome::timed_out);
    EXPECT_EQ(metric_of(result.outcome), metrics::login_outcome::timeout);
    EXPECT_EQ(sqlstate_in(played.receive(0)), "");
    EXPECT_FALSE(result.transport.is_open());
  }
}

TEST(client_login, reads_no_more_than_it_needs_of_a_client_that_sends_without_end) {
  const auto settings = settings_with(auth_method::trust, "");
  login_script played(settings);
  played.send(alice_to_app + std::string(100'000, 'x'));
  EXPECT_LE(played.finish().early_bytes.size(), 1024u);
}

}  // namespace
}  // namespace pgweir::login
