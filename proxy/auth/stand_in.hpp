// proxy/auth/stand_in.hpp - the user in whose place an unknown user goes through the login.
#pragma once

#include "config/config.hpp"

namespace pgweir::auth {

// Method and kind of secret are those that most configured users have, so that an unknown name meets the same
// exchange and the same work as a known one with a wrong password. The secret is random: nobody knows it.
config::user_settings stand_in_for_unknown(const config::config& settings);

}  // namespace pgweir::auth
