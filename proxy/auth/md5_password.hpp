// proxy/auth/md5_password.hpp - the answer to AuthenticationMD5Password.
#pragma once

#include "proxy/auth/secret.hpp"

#include <string>
#include <string_view>

namespace pgweir::auth {

inline constexpr std::size_t md5_salt_size = 4;

md5_secret md5_of_password(std::string_view password, std::string_view user);

// "md5" and md5(hash + salt): what a client that knows the password sends.
std::string md5_response(const md5_secret& known, std::string_view salt);

}  // namespace pgweir::auth
