#include "proxy/auth/authenticator.hpp"

#include "proxy/auth/md5_password.hpp"
#include "proxy/auth/messages.hpp"
#include "proxy/auth/stand_in.hpp"
#include "tests/auth/scram_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgweir::auth {
namespace {

using config::auth_method;
using namespace std::string_literals;

constexpr std::size_t prefix = 9;  // of an Authentication message: type, length, request code

std::string verifier_of(std::string_view password) {
  const auto keys = derive_scram_keys(password, "verifier salt", 4096);
  return "SCRAM-SHA-256$4096:" + encode_base64("verifier salt") + "$" +
         encode_base64(as_text(keys.stored_key)) + ":" + encode_base64(as_text(keys.server_key));
}

config::user_settings user_with(auth_method method, std::string secret_text) {
  config::user_settings made;
  made.auth = method;
  made.secret = std::move(secret_text);
  return made;
}

// Plays one client; derivations run at once.
class login {
 public:
  explicit login(peer_facts peer = {.tls = true}) : peer_(peer) {}

  login& with_stand_in(config::user_settings stand_in) {
    stand_in_ = std::move(stand_in);
    return *this;
  }
  step start(const std::string& user, const config::user_settings* settings) {
    return settle(who_.start(user, settings, peer_));
  }
  step send(std::string_view body) { return settle(who_.on_password_message(wire::as_bytes(body))); }

  step scram(const std::string& user, const config::user_settings* settings, const scram_client& client) {
    const auto asked = start(user, settings);
    EXPECT_EQ(bytes_of(asked), authentication_sasl("SCRAM-SHA-256"));
    const auto first = bytes_of(send(sasl_initial(client.first())));
    if (first.size() < prefix) return refused{};
    return send(client.final(first.substr(prefix)));
  }
  step cleartext(const config::user_settings* settings, const std::string& password) {
    const auto asked = start("alice", settings);
    EXPECT_EQ(bytes_of(asked), authentication_cleartext_password());
    return send(password + "\0"s);
  }
  step md5(const config::user_settings* settings, const std::string& password) {
    const auto asked = bytes_of(start("alice", settings));
    EXPECT_EQ(asked.substr(0, prefix), "R\0\0\0\x0c\0\0\0\5"s);
    return send(md5_response(md5_of_password(password, "alice"), asked.substr(prefix)) + "\0"s);
  }

  static std::string bytes_of(const step& of) {
    if (const auto* asked = std::get_if<ask>(&of)) return asked->bytes;
    return {};
  }

  config::auth_method method() const { return who_.method(); }

  int derivations = 0;

 private:
  step settle(step next) {
    while (const auto* needed = std::get_if<derive>(&next)) {
      ++derivations;
      next = who_.keys_ready(keys_.derive(needed->job));
    }
    return next;
  }

  peer_facts peer_;
  verifier_cache keys_;
  config::user_settings stand_in_ = stand_in_for_unknown({});
  authenticator who_{auth_environment{stand_in_, keys_}};
};

bool is_accepted(const step& of) { return std::holds_alternative<accepted>(of); }

std::string sqlstate_of(const step& of) {
  const auto* refusal = std::get_if<refused>(&of);
  return refusal != nullptr ? refusal->error.sqlstate : "none";
}

std::string reason_of(const step& of) {
  const auto* refusal = std::get_if<refused>(&of);
  return refusal != nullptr ? refusal->reason : "none";
}

TEST(authenticator, accepts_trust_at_once) {
  const auto user = user_with(auth_method::trust, "");
  EXPECT_TRUE(is_accepted(login().start("alice", &user)));
}

TEST(authenticator, accepts_the_right_password_of_every_kind_of_secret) {
  for (const auto& secret_text : {"one"s, "md5" + md5_hex("onealice"), verifier_of("one")}) {
    const auto user = user_with(auth_method::password, secret_text);
    EXPECT_TRUE(is_accepted(login().cleartext(&user, "one"))) << secret_text;
    EXPECT_EQ(sqlstate_of(login().cleartext(&user, "two")), "28P01") << secret_text;
  }
}

TEST(authenticator, accepts_md5_with_plain_and_md5_secrets) {
  for (const auto& secret_text : {"one"s, "md5" + md5_hex("onealice")}) {
    const auto user = user_with(auth_method::md5, secret_text);
    EXPECT_TRUE(is_accepted(login().md5(&user, "one"))) << secret_text;
    EXPECT_EQ(sqlstate_of(login().md5(&user, "two")), "28P01") << secret_text;
  }
}

TEST(authenticator, uses_a_new_md5_salt_each_time) {
  const auto user = user_with(auth_method::md5, "one");
  EXPECT_NE(login::bytes_of(login().start("alice", &user)), login::bytes_of(login().start("alice", &user)));
}

TEST(authenticator, accepts_scram_with_plain_secrets_and_verifiers) {
  for (const auto& secret_text : {"one"s, verifier_of("one")}) {
    const auto user = user_with(auth_method::scram_sha_256, secret_text);
    const auto done = login().scram("alice", &user, {.password = "one"});
    ASSERT_TRUE(is_accepted(done)) << secret_text;
    EXPECT_EQ(std::get<accepted>(done).bytes.substr(0, 1), "R");
    EXPECT_EQ(sqlstate_of(login().scram("alice", &user, {.password = "two"})), "28P01") << secret_text;
  }
}

TEST(authenticator, uses_scram_for_md5_users_with_a_verifier) {
  const auto user = user_with(auth_method::md5, verifier_of("one"));
  login played;
  EXPECT_TRUE(is_accepted(played.scram("alice", &user, {.password = "one"})));
  EXPECT_EQ(played.method(), auth_method::scram_sha_256);
}

TEST(authenticator, answers_unknown_users_like_a_wrong_password) {
  const auto known = user_with(auth_method::scram_sha_256, "one");
  const auto wrong = login().scram("alice", &known, {.password = "two"});
  const auto unknown = login().scram("alice", nullptr, {.password = "two"});
  ASSERT_EQ(sqlstate_of(unknown), "28P01");
  const auto& one = std::get<refused>(wrong).error;
  const auto& other = std::get<refused>(unknown).error;
  EXPECT_EQ(one.message, "password authentication failed for user \"alice\"");
  EXPECT_EQ(other.message, one.message);
  EXPECT_EQ(other.detail + other.hint + other.severity, one.detail + one.hint + one.severity);
  EXPECT_EQ(reason_of(unknown), "the user is not configured");
  EXPECT_EQ(reason_of(wrong), "wrong password");
}

TEST(authenticator, shows_an_unknown_user_a_stable_salt_of_the_usual_size) {
  login played;
  std::vector<std::string> challenges;
  for (int i = 0; i < 2; ++i) {
    played.start("mallory", nullptr);
    const auto first = login::bytes_of(played.send(sasl_initial("n,,n=,r=abc")));
    challenges.push_back(first.substr(first.find(",s=")));
  }
  EXPECT_EQ(challenges[0], challenges[1]);
  EXPECT_EQ(challenges[0].size(), ",s="s.size() + 24 + ",i=4096"s.size());
}

TEST(authenticator, derives_for_unknown_users_as_often_as_for_known_ones) {
  const auto known = user_with(auth_method::password, verifier_of("one"));
  config::config settings;
  settings.users["alice"] = known;
  login wrong, unknown;
  unknown.with_stand_in(stand_in_for_unknown(settings));
  EXPECT_EQ(sqlstate_of(wrong.cleartext(&known, "two")), "28P01");
  EXPECT_EQ(sqlstate_of(unknown.cleartext(nullptr, "two")), "28P01");
  EXPECT_EQ(wrong.derivations, 1);
  EXPECT_EQ(unknown.derivations, 1);
}

TEST(authenticator, never_accepts_the_stand_ins_own_secret) {
  for (const auto method : {auth_method::password, auth_method::md5, auth_method::scram_sha_256}) {
    login played;
    played.with_stand_in(user_with(method, "guessed"));
    const auto done = method == auth_method::password ? played.cleartext(nullptr, "guessed")
                      : method == auth_method::md5    ? played.md5(nullptr, "guessed")
                                                   : played.scram("alice", nullptr, {.password = "guessed"});
    EXPECT_EQ(sqlstate_of(done), "28P01");
  }
}

TEST(authenticator, accepts_nothing_for_secrets_that_cannot_serve) {
  for (const auto& secret_text : {""s, "md5" + md5_hex("onealice"), "SCRAM-SHA-256$broken"s}) {
    const auto user = user_with(auth_method::scram_sha_256, secret_text);
    const auto done = login().scram("alice", &user, {.password = "one"});
    EXPECT_EQ(sqlstate_of(done), "28P01") << secret_text;
    EXPECT_NE(reason_of(done), "wrong password") << secret_text;
  }
  const auto empty = user_with(auth_method::password, "");
  EXPECT_EQ(sqlstate_of(login().cleartext(&empty, "x")), "28P01");
  const auto empty_md5 = user_with(auth_method::md5, "");
  EXPECT_EQ(sqlstate_of(login().md5(&empty_md5, "")), "28P01");
}

TEST(authenticator, lets_cleartext_passwords_cross_only_protected_connections) {
  const auto user = user_with(auth_method::password, "one");
  const auto plain = login(peer_facts{}).start("alice", &user);
  ASSERT_EQ(sqlstate_of(plain), "28000");
  EXPECT_NE(std::get<refused>(plain).error.hint.find("sslmode=require"), std::string::npos);
  EXPECT_FALSE(login::bytes_of(login(peer_facts{.unix_socket = true}).start("alice", &user)).empty());
  EXPECT_FALSE(login::bytes_of(login(peer_facts{.tls = true}).start("alice", &user)).empty());

  verifier_cache keys;
  authenticator allowed({user, keys, true});
  EXPECT_TRUE(std::holds_alternative<ask>(allowed.start("alice", &user, {})));
}

TEST(authenticator, takes_an_initial_response_that_comes_later) {
  const auto user = user_with(auth_method::scram_sha_256, "one");
  const scram_client client{.password = "one"};
  login played;
  played.start("alice", &user);
  EXPECT_EQ(login::bytes_of(played.send(sasl_initial("", 0xffffffffu))), authentication_sasl_continue({}));
  const auto first = login::bytes_of(played.send(client.first()));
  ASSERT_GT(first.size(), prefix);
  EXPECT_TRUE(is_accepted(played.send(client.final(first.substr(prefix)))));
}

TEST(authenticator, refuses_malformed_initial_responses) {
  const auto user = user_with(auth_method::scram_sha_256, "one");
  const auto first = scram_client{.password = "one"}.first();
  const auto size = static_cast<std::uint32_t>(first.size());
  for (const auto& body :
       {""s, "\0"s, "SCRAM-SHA-256"s, "SCRAM-SHA-256\0"s, "SCRAM-SHA-256\0\0\0"s,
        sasl_initial(first, size + 1), sasl_initial(first, size - 1), sasl_initial(first, 0x7fffffffu),
        sasl_initial(first, 0x80000000u), sasl_initial(first, 0xffffffffu), sasl_initial(first, 0xfffffffeu),
        sasl_initial(first, 0), sasl_initial("", 0), sasl_initial(first, size, "SCRAM-SHA-256-PLUS"),
        sasl_initial(first, size, "PLAIN"), sasl_initial("n,,n=,r=" + std::string(65'000, 'a'))}) {
    login played;
    played.start("alice", &user);
    EXPECT_EQ(sqlstate_of(played.send(body)), "08P01");
  }
}

TEST(authenticator, refuses_malformed_password_messages) {
  for (const auto method : {auth_method::password, auth_method::md5}) {
    const auto user = user_with(method, "one");
    for (const auto& body : {""s, "one"s, "one\0x"s, "one\0\0"s}) {
      login played;
      played.start("alice", &user);
      EXPECT_EQ(sqlstate_of(played.send(body)), "08P01");
    }
    login played;
    played.start("alice", &user);
    EXPECT_EQ(sqlstate_of(played.send("\0"s)), "28P01");
  }
}

TEST(authenticator, refuses_a_password_that_nobody_asked_for) {
  const auto user = user_with(auth_method::password, "one");
  EXPECT_EQ(sqlstate_of(login().send("one\0"s)), "08P01");
  login played;
  played.cleartext(&user, "two");
  EXPECT_EQ(sqlstate_of(played.send("one\0"s)), "08P01");
}

}  // namespace
}  // namespace pgweir::auth
