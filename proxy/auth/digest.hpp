// proxy/auth/digest.hpp - the few functions of OpenSSL that password authentication needs.
// They throw std::runtime_error if OpenSSL itself refuses (MD5 under a FIPS policy, no randomness).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pgweir::auth {

using sha256_digest = std::array<char, 32>;

inline std::string_view as_text(const sha256_digest& digest) { return {digest.data(), digest.size()}; }

sha256_digest sha256(std::string_view bytes);
sha256_digest hmac_sha256(std::string_view key, std::string_view bytes);

// PBKDF2 with HMAC-SHA-256: milliseconds of CPU, never to be called on an event loop.
sha256_digest pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations);

// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view bytes);

std::string random_bytes(std::size_t n);

// Takes a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace pgweir::auth
