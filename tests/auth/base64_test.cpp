#include "proxy/auth/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::auth {
namespace {

using namespace std::string_literals;

TEST(base64, agrees_with_rfc_4648) {
  const std::pair<const char*, const char*> vectors[]{{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(base64, carries_every_byte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(decode_base64(encode_base64(all)), all);
}

TEST(base64, is_strict) {
  for (const auto& text : {"Z"s, "Zg"s, "Zg="s, "Zg==="s, "===="s, "=Zg="s, "Zg==Zg=="s, "Zh=="s, "Zm9 "s,
                           "Zm9\n"s, "Zm9-"s, "Z\0=="s,
                           "Zm\xff="
                           ""s}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pgweir::auth
