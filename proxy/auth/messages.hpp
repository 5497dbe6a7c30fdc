// proxy/auth/messages.hpp - the Authentication messages a server sends (PostgreSQL manual, "Message
// Formats").
#pragma once

#include <string>
#include <string_view>

namespace pgweir::auth {

std::string authentication_ok();
std::string authentication_cleartext_password();
std::string authentication_md5_password(std::string_view salt);  // four bytes
std::string authentication_sasl(std::string_view mechanism);
std::string authentication_sasl_continue(std::string_view data);
std::string authentication_sasl_final(std::string_view data);

}  // namespace pgweir::auth
