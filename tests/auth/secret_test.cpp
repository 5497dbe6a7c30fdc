#include "proxy/auth/secret.hpp"

#include "proxy/auth/base64.hpp"
#include "proxy/auth/md5_password.hpp"
#include "proxy/auth/saslprep.hpp"
#include "proxy/auth/stand_in.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::auth {
namespace {

using namespace std::string_literals;

const std::string key_text = encode_base64(std::string(32, 'k'));
const std::string good_verifier = "SCRAM-SHA-256$4096:c2FsdA==$" + key_text + ":" + key_text;

TEST(secret, reads_a_verifier) {
  const auto parsed = parse_secret(good_verifier);
  const auto* verifier = std::get_if<scram_verifier>(&parsed);
  ASSERT_NE(verifier, nullptr);
  EXPECT_EQ(verifier->iterations, 4096u);
  EXPECT_EQ(verifier->salt, "salt");
  EXPECT_EQ(as_text(verifier->keys.stored_key), std::string(32, 'k'));
}

TEST(secret, tells_plain_and_md5_apart) {
  EXPECT_TRUE(std::holds_alternative<no_secret>(parse_secret("")));
  EXPECT_TRUE(std::holds_alternative<md5_secret>(parse_secret("md5" + std::string(32, 'a'))));
  for (const auto& plain : {"hello"s, "md5"s, "md5" + std::string(31, 'a'), "md5" + std::string(32, 'G'),
                            "md5" + std::string(33, 'a'), "scram-sha-256$x"s}) {
    EXPECT_TRUE(std::holds_alternative<plain_secret>(parse_secret(plain))) << plain;
  }
}

TEST(secret, recognises_broken_verifiers_and_does_not_take_them_for_passwords) {
  const auto tail = "$" + key_text + ":" + key_text;
  for (const auto& broken :
       {"SCRAM-SHA-256$"s, "SCRAM-SHA-256$4096"s, "SCRAM-SHA-256$0:c2FsdA==" + tail,
        "SCRAM-SHA-256$-1:c2FsdA==" + tail, "SCRAM-SHA-256$2147483648:c2FsdA==" + tail,
        "SCRAM-SHA-256$99999999999999999999:c2FsdA==" + tail, "SCRAM-SHA-256$:c2FsdA==" + tail,
        "SCRAM-SHA-256$4096x:c2FsdA==" + tail, "SCRAM-SHA-256$4096:" + tail,
        "SCRAM-SHA-256$4096:c2Fs!A==" + tail, "SCRAM-SHA-256$4096:c2FsdA==$" + key_text,
        "SCRAM-SHA-256$4096:c2FsdA==$" + key_text + ":c2FsdA==", good_verifier + " "}) {
    const auto parsed = parse_secret(broken);
    const auto* malformed = std::get_if<malformed_secret>(&parsed);
    ASSERT_NE(malformed, nullptr) << broken;
    EXPECT_EQ(malformed->why.find(key_text), std::string::npos);
  }
}

TEST(md5_password, agrees_with_postgresql) {
  // SELECT 'md5' || md5('pencil' || 'user')
  EXPECT_EQ(md5_of_password("pencil", "user").hash, md5_hex("penciluser"));
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_response(md5_secret{"abc"}, "salt"), "md5" + md5_hex("abcsalt"));
}

TEST(saslprep, leaves_ascii_alone) { EXPECT_EQ(saslprep("p@ss w0rd\x01"), "p@ss w0rd\x01"); }

TEST(saslprep, maps_spaces_and_drops_invisible_characters) {
  EXPECT_EQ(saslprep("a\u00a0b\u3000c"), "a b c");
  EXPECT_EQ(saslprep("I\u00adX"), "IX");
  EXPECT_EQ(saslprep("p\u00e4ss"), "p\u00e4ss");
  EXPECT_EQ(saslprep("\U0001f600"), "\U0001f600");
}

TEST(saslprep, keeps_raw_bytes_that_are_not_utf8_or_prohibited) {
  for (const auto& raw : {"\xff\xfe"s, "a\xc2"s, "\xc0\x80"s, "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s,
                          "\xe2\x82"s, "\u00a0\x01"s, "\u00ad"s, "\xc3(\u00a0"s}) {
    EXPECT_EQ(saslprep(raw), raw);
  }
}

config::user_settings user(config::auth_method method, std::string secret_text) {
  config::user_settings made;
  made.auth = method;
  made.secret = std::move(secret_text);
  return made;
}

TEST(stand_in, has_the_method_and_kind_of_secret_that_most_users_have) {
  config::config settings;
  settings.users["a"] = user(config::auth_method::trust, "");
  settings.users["b"] = user(config::auth_method::md5, "plain");
  settings.users["c"] = user(config::auth_method::password, good_verifier);
  settings.users["d"] = user(config::auth_method::password, good_verifier);
  const auto stand_in = stand_in_for_unknown(settings);
  EXPECT_EQ(stand_in.auth, config::auth_method::password);
  EXPECT_NE(stand_in.secret, good_verifier);
  const auto parsed = parse_secret(stand_in.secret);
  ASSERT_TRUE(std::holds_alternative<scram_verifier>(parsed));
  EXPECT_EQ(std::get<scram_verifier>(parsed).iterations, 4096u);
  EXPECT_EQ(std::get<scram_verifier>(parsed).salt.size(), 4u);
}

TEST(stand_in, asks_for_scram_when_nobody_has_a_password) {
  config::config settings;
  settings.users["*"] = user(config::auth_method::trust, "");
  EXPECT_EQ(stand_in_for_unknown(settings).auth, config::auth_method::scram_sha_256);
  EXPECT_NE(stand_in_for_unknown(settings).secret, stand_in_for_unknown(settings).secret);
}

}  // namespace
}  // namespace pgweir::auth
