// proxy/auth/saslprep.hpp - the form of a password that SCRAM hashes (RFC 4013).
#pragma once

#include <string>
#include <string_view>

namespace pgweir::auth {

// ASCII passes as it is. Of RFC 4013 the mappings are done (other spaces become U+0020, invisible characters
// go); where the text is no UTF-8, or has a prohibited control character, the raw bytes are used, as
// PostgreSQL does. Not done: normalization to form KC. A password with characters which that form changes
// (ligatures, full-width forms, combining accents) has to be configured as a SCRAM verifier made by
// PostgreSQL.
std::string saslprep(std::string_view password);

}  // namespace pgweir::auth
