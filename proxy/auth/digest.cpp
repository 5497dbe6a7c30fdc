#include "proxy/auth/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace pgweir::auth {

namespace {

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(sha256_digest& digest) { return reinterpret_cast<unsigned char*>(digest.data()); }

void require(bool done, const char* what) {
  if (!done)
    throw std::runtime_error(std::string("OpenSSL refuses ") + what + "; see its policy in openssl.cnf");
}

}  // namespace

sha256_digest sha256(std::string_view bytes) {
  sha256_digest digest;
  require(EVP_Digest(bytes.data(), bytes.size(), raw(digest), nullptr, EVP_sha256(), nullptr) == 1,
          "SHA-256");
  return digest;
}

sha256_digest hmac_sha256(std::string_view key, std::string_view bytes) {
  sha256_digest digest;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(bytes), bytes.size(),
                          raw(digest), nullptr);
  require(made != nullptr, "HMAC-SHA-256");
  return digest;
}

sha256_digest pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations) {
  sha256_digest digest;
  const int made = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt),
                                     static_cast<int>(salt.size()), static_cast<int>(iterations),
                                     EVP_sha256(), static_cast<int>(digest.size()), raw(digest));
  require(made == 1, "PBKDF2");
  return digest;
}

std::string md5_hex(std::string_view bytes) {
  std::array<unsigned char, 16> digest;
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr) == 1, "MD5");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto octet : digest) {
    text.push_back(digits[octet >> 4]);
    text.push_back(digits[octet & 15u]);
  }
  return text;
}

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  require(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) == 1,
          "random bytes");
  return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace pgweir::auth
