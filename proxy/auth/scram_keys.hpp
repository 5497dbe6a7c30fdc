// proxy/auth/scram_keys.hpp - what a SCRAM server knows of a password (RFC 5802, section 3).
#pragma once

#include "proxy/auth/digest.hpp"

#include <string_view>

namespace pgweir::auth {

inline constexpr unsigned default_scram_iterations = 4096;  // PostgreSQL's default

struct scram_keys {
  sha256_digest stored_key{};
  sha256_digest server_key{};
};

// Pure, and as slow as the iterations ask for: for a thread pool, never for an event loop.
scram_keys derive_scram_keys(std::string_view password, std::string_view salt, unsigned iterations);

}  // namespace pgweir::auth
