#include "proxy/auth/scram_server.hpp"

#include "proxy/auth/base64.hpp"
#include "tests/auth/scram_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::auth {
namespace {

using namespace std::string_literals;

// The example of RFC 7677, section 3.
const std::string rfc_salt = decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==").value();
constexpr auto rfc_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr auto rfc_client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr auto rfc_server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const auto rfc_without_proof = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"s;
constexpr auto rfc_proof = ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

scram_server rfc_server() { return scram_server(rfc_salt, 4096, rfc_nonce); }
scram_keys rfc_keys() { return derive_scram_keys("pencil", rfc_salt, 4096); }

std::string sqlstate_of(const scram_server::reply& reply) {
  const auto* error = std::get_if<wire::error_fields>(&reply);
  return error != nullptr ? error->sqlstate : "none";
}

// The SQLSTATE with which the client-final message is refused.
std::string refusal_of(std::string_view client_final) {
  auto server = rfc_server();
  server.on_client_first(rfc_client_first);
  const auto error = server.on_client_final(client_final);
  return error ? error->sqlstate : "none";
}

TEST(scram_server, agrees_with_rfc_7677) {
  auto server = rfc_server();
  const auto first = server.on_client_first(rfc_client_first);
  ASSERT_TRUE(std::holds_alternative<std::string>(first));
  EXPECT_EQ(std::get<std::string>(first), rfc_server_first);
  ASSERT_FALSE(server.on_client_final(rfc_without_proof + rfc_proof));
  EXPECT_EQ(server.verify(rfc_keys()), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(scram_server, takes_both_flags_without_channel_binding) {
  for (const auto* header : {"n,,", "y,,"}) {
    const scram_client client{.password = "pencil", .gs2_header = header};
    auto server = rfc_server();
    const auto first = server.on_client_first(client.first());
    ASSERT_FALSE(server.on_client_final(client.final(std::get<std::string>(first)))) << header;
    EXPECT_TRUE(server.verify(rfc_keys())) << header;
  }
}

TEST(scram_server, refuses_a_wrong_password) {
  const scram_client client{.password = "pencils"};
  auto server = rfc_server();
  const auto first = server.on_client_first(client.first());
  ASSERT_FALSE(server.on_client_final(client.final(std::get<std::string>(first))));
  EXPECT_EQ(server.verify(rfc_keys()), std::nullopt);
}

TEST(scram_server, ignores_the_user_name_inside) {
  for (const auto& name : {""s, "other"s, "=2C=3D"s, "\xff\xfe"s}) {
    const scram_client client{.password = "pencil", .name = name};
    auto server = rfc_server();
    const auto first = server.on_client_first(client.first());
    ASSERT_TRUE(std::holds_alternative<std::string>(first));
    ASSERT_FALSE(server.on_client_final(client.final(std::get<std::string>(first))));
    EXPECT_TRUE(server.verify(rfc_keys()));
  }
}

TEST(scram_server, refuses_channel_binding_that_was_not_offered) {
  EXPECT_EQ(sqlstate_of(rfc_server().on_client_first("p=tls-server-end-point,,n=,r=abc")), "08P01");
}

TEST(scram_server, refuses_identities_and_extensions_it_does_not_know) {
  EXPECT_EQ(sqlstate_of(rfc_server().on_client_first("n,a=admin,n=user,r=abc")), "0A000");
  EXPECT_EQ(sqlstate_of(rfc_server().on_client_first("n,,m=ext,n=user,r=abc")), "0A000");
}

TEST(scram_server, refuses_malformed_first_messages) {
  for (const auto& message :
       {""s, "n"s, "n,"s, "n,,"s, "x,,n=,r=abc"s, "n,x,n=,r=abc"s, "n,,r=abc"s, "n,,n="s, "n,,n=user"s,
        "n,,n=user,"s, "n,,n=user,r="s, "n,,n=user,x=abc"s, "n,,n=user,r=a b"s, "n,,n=user,r=a\x80"s,
        "n,,n=us\0er,r=abc"s, "n,,n=user,r=" + std::string(513, 'a'),
        "n,,n=" + std::string(1025, 'u') + ",r=abc", "n,,n=user,r=" + std::string(65'536, 'a')}) {
    EXPECT_EQ(sqlstate_of(rfc_server().on_client_first(message)), "08P01") << message.substr(0, 80);
  }
}

TEST(scram_server, takes_the_longest_nonce_it_allows) {
  EXPECT_EQ(sqlstate_of(rfc_server().on_client_first("n,,n=,r=" + std::string(max_scram_nonce, 'a'))),
            "none");
}

TEST(scram_server, refuses_malformed_final_messages) {
  const auto nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"s;
  EXPECT_EQ(refusal_of("c=biws," + nonce + rfc_proof), "none");
  for (const auto& message :
       {""s, "c=biws"s, "c=biws," + nonce, nonce + rfc_proof, "c=biws"s + rfc_proof,
        "c=eSws," + nonce + rfc_proof, "c=bixs," + nonce + rfc_proof, "c=," + nonce + rfc_proof,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO"s + rfc_proof, "c=biws," + nonce + "x" + rfc_proof,
        "c=biws," + nonce + ",p=", "c=biws," + nonce + ",p=AAAA", "c=biws," + nonce + ",p=!!!!",
        "c=biws," + nonce + rfc_proof + ",x=y", "c=biws," + nonce + rfc_proof + "\0"s,
        "c=" + std::string(65'536, 'A') + "," + nonce + rfc_proof}) {
    EXPECT_EQ(refusal_of(message), "08P01") << message.substr(0, 80);
  }
}

TEST(scram_server, makes_a_new_printable_nonce_each_time) {
  const auto nonce = scram_server::make_nonce();
  EXPECT_EQ(nonce.size(), 24u);
  EXPECT_NE(nonce, scram_server::make_nonce());
}

}  // namespace
}  // namespace pgweir::auth
