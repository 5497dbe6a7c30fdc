// proxy/auth/refusals.hpp - the errors with which a login ends, in PostgreSQL's words where it has them.
#pragma once

#include "proxy/wire/error_response.hpp"

#include <string>
#include <string_view>

namespace pgweir::auth {

// The same for an unknown user and for a wrong password.
wire::error_fields wrong_password(std::string_view user);
wire::error_fields empty_password();
wire::error_fields password_needs_tls(std::string_view user);
wire::error_fields protocol_violation(std::string message);

}  // namespace pgweir::auth
