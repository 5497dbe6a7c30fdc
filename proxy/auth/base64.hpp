// proxy/auth/base64.hpp - base64 of RFC 4648 section 4, as SCRAM and PostgreSQL's secrets use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::auth {

std::string encode_base64(std::string_view bytes);

// Strict: no white space, padding where it belongs, unused bits zero. None: not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pgweir::auth
